using System.Collections;
using AutoProvision.Inputs;

namespace AutoProvision.Vms;

/// <summary>
/// The faults of one request. A body of some MiB can hold a million: the first ones are told, the others only counted, and what they
/// quote of the body is cut, so that no answer is many times its question.
/// </summary>
public sealed class FaultTally : IReadOnlyList<Fault>
{
    private const string Ellipsis = "...";
    private readonly List<Fault> _told = [];
    private readonly HashSet<string> _pointers = [];

    /// <summary>The same faults, to which others can be added.</summary>
    public static FaultTally Of(IReadOnlyList<Fault> faults)
    {
        var copy = new FaultTally();
        foreach (var fault in faults)
            copy.Add(fault);
        copy._pointers.UnionWith(PointersOf(faults));
        copy.Omitted += (faults as FaultTally)?.Omitted ?? 0;
        return copy;
    }

    /// <summary>What faults point to, those that are not told as well.</summary>
    public static IEnumerable<string> PointersOf(IReadOnlyList<Fault> faults) => faults is FaultTally tally ? tally._pointers : faults.Select(fault => fault.Pointer);

    /// <summary>Faults that are there, and not told.</summary>
    public int Omitted { get; private set; }

    /// <summary>What they point to, those that are not told as well.</summary>
    public IReadOnlySet<string> Pointers => _pointers;

    public int Count => _told.Count;

    public Fault this[int index] => _told[index];

    public void Add(Fault fault)
    {
        _pointers.Add(fault.Pointer);
        if (_told.Count < InputLimits.MostErrors)
            _told.Add(fault with { Pointer = Pointing(fault.Pointer), Detail = Cut(fault.Detail) });
        else
            Omitted++;
    }

    /// <summary>These faults, with one more.</summary>
    public FaultTally With(Fault fault)
    {
        Add(fault);
        return this;
    }

    public IEnumerator<Fault> GetEnumerator() => _told.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    // To what holds a value with a name that is too long to be repeated: a pointer that is cut elsewhere points to nothing.
    private static string Pointing(string pointer)
    {
        while (pointer.Length > InputLimits.MostPointerLength)
            pointer = pointer[..pointer.LastIndexOf('/')];
        return pointer;
    }

    // Never between the halves of a surrogate pair.
    private static string Cut(string text)
    {
        if (text.Length <= InputLimits.MostDetailLength)
            return text;
        var end = InputLimits.MostDetailLength - Ellipsis.Length;
        return text[..(char.IsHighSurrogate(text[end - 1]) ? end - 1 : end)] + Ellipsis;
    }
}
