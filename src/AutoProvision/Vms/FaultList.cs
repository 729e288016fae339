using System.Text.RegularExpressions;

namespace AutoProvision.Vms;

/// <summary>Collects faults; a value whose shape was wrong already is not complained about twice.</summary>
public sealed class FaultList(IReadOnlyList<Fault> shape)
{
    private readonly List<Fault> _faults = [.. shape];
    // A body of some MiB can hold a million faults.
    private readonly HashSet<string> _pointers = [.. shape.Select(fault => fault.Pointer)];
    private readonly HashSet<string> _unreadable = [.. shape.Select(fault => fault.Pointer)];

    /// <summary>Whether a value is known to be wrong already: then it may be missing only because it was not understood.</summary>
    public bool Has(string pointer) => _pointers.Contains(pointer);

    public void Add(string pointer, string code, string detail, string hint)
    {
        if (!IsWithinUnreadable(pointer) && _pointers.Add(pointer))
            _faults.Add(new Fault(pointer, code, detail, hint));
    }

    // What could not be read as a whole (also the body, the empty pointer) has no parts that could be wrong or missed.
    private bool IsWithinUnreadable(string pointer)
    {
        while (pointer.Length > 0 && !_unreadable.Contains(pointer))
            pointer = pointer[..pointer.LastIndexOf('/')];
        return _unreadable.Contains(pointer);
    }

    /// <summary>Records what a check that throws <see cref="ArgumentException"/> complains of.</summary>
    public void Check(string pointer, string code, string hint, Action check)
    {
        try
        {
            check();
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
            Add(pointer, "too_many", $"{count} are too many.", $"At most {most}.");
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
    public IReadOnlyList<string> Each(string pointer, IReadOnlyList<string>? values, Regex form, string code, string what, string hint)
    {
        foreach (var (index, value) in (values ?? []).Index())
            if (!form.IsMatch(value))
                Add($"{pointer}/{index}", code, $"\"{value}\" {what}.", hint);
        return values ?? [];
    }

    public bool HasAny => _faults.Count > 0;

    /// <exception cref="InvalidRequestException">When there is any.</exception>
    public void ThrowIfAny()
    {
        if (HasAny)
            throw new InvalidRequestException(_faults);
    }
}
