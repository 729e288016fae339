using System.Text.RegularExpressions;
using AutoProvision.Inputs;

namespace AutoProvision.Vms;

/// <summary>Collects faults; a value whose shape was wrong already is not complained about twice.</summary>
/// <param name="shape">Faults that are known already.</param>
/// <param name="cancellation">Ends the checks: nobody waits for their answer.</param>
public sealed class FaultList(IReadOnlyList<Fault> shape, CancellationToken cancellation = default)
{
    private readonly FaultTally _faults = FaultTally.Of(shape);
    private readonly HashSet<string> _unreadable = [.. FaultTally.PointersOf(shape)];

    /// <summary>For checks that take long.</summary>
    public CancellationToken Cancellation { get; } = cancellation;

    /// <summary>Whether a value is known to be wrong already: then it may be missing only because it was not understood.</summary>
    public bool Has(string pointer) => _faults.Pointers.Contains(pointer);

    public void Add(string pointer, string code, string detail, string hint) => Add(new Fault(pointer, code, detail, hint));

    private void Add(Fault fault)
    {
        if (!IsWithinUnreadable(fault.Pointer) && !Has(fault.Pointer))
            _faults.Add(fault);
    }

    // What could not be read as a whole (also the body, the empty pointer) has no parts that could be wrong or missed.
    private bool IsWithinUnreadable(string pointer)
    {
        while (pointer.Length > 0 && !_unreadable.Contains(pointer))
            pointer = pointer[..pointer.LastIndexOf('/')];
        return _unreadable.Contains(pointer);
    }

    /// <summary>Records what a check that throws <see cref="ArgumentException"/> complains of; limits have a code and a hint of their own.</summary>
    public void Check(string pointer, string code, string hint, Action check)
    {
        Cancellation.ThrowIfCancellationRequested();
        try
        {
            check();
        }
        catch (InputLimitException e)
        {
            Add(pointer, e.Code, e.Message, e.Hint);
        }
        catch (ArgumentException e)
        {
            Add(pointer, code, e.Message, hint);
        }
    }

    /// <summary>The value, complained of where it is out of range.</summary>
    public int InRange(string pointer, int value, int least, int most, string unit = "")
    {
        if (value < least || value > most)
            Add(pointer, "out_of_range", $"{value}{unit} is out of range.", $"From {least} to {most}{unit}.");
        return value;
    }

    /// <summary>Complains of a list or map with more entries than there may be.</summary>
    public void AtMost(string pointer, int count, int most)
    {
        if (count > most)
            Add(TooMany(pointer, count, most));
    }

    internal static Fault TooMany(string pointer, int count, int most) => new(pointer, "too_many", $"{count} are too many.", $"At most {most}.");

    /// <summary>The list, where it has no more items than it may; else none of them is looked at.</summary>
    public IReadOnlyList<T> Within<T>(string pointer, IReadOnlyList<T>? list, int most)
    {
        AtMost(pointer, list?.Count ?? 0, most);
        return list is null || list.Count > most ? [] : list;
    }

    /// <summary>The map, where it has no more members than it may; else none of them is looked at.</summary>
    public IReadOnlyDictionary<string, string> Within(string pointer, IReadOnlyDictionary<string, string>? map, int most)
    {
        AtMost(pointer, map?.Count ?? 0, most);
        return map is null || map.Count > most ? new Dictionary<string, string>() : map;
    }

    /// <summary>Complains of the second of two equal values; null is no value.</summary>
    public void Distinct(IEnumerable<(string Pointer, string? Value)> values)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (pointer, value) in values)
            if (value is not null && !seen.Add(value))
                Add(pointer, "given_twice", $"\"{value}\" is there twice.", "Give each one once.");
    }

    /// <summary>The values, each complained of that has not the form.</summary>
    public IReadOnlyList<string> Each(string pointer, IReadOnlyList<string> values, Regex form, string code, string what, string hint)
    {
        foreach (var (index, value) in values.Index())
            if (!form.IsMatch(value))
                Add($"{pointer}/{index}", code, $"\"{value}\" {what}.", hint);
        return values;
    }

    public bool HasAny => _faults.Count > 0;

    /// <exception cref="InvalidRequestException">When there is any.</exception>
    public void ThrowIfAny()
    {
        if (HasAny)
            throw new InvalidRequestException(_faults, _faults.Omitted);
    }
}
