namespace AutoProvision.Vms;

/// <summary>Collects faults; a value whose shape was wrong already is not complained about twice.</summary>
public sealed class FaultList(IReadOnlyList<Fault> shape)
{
    private readonly List<Fault> _faults = [.. shape];

    public void Add(string pointer, string code, string detail, string hint)
    {
        // Where the whole body (the empty pointer) is unusable, its parts are not missed.
        if (_faults.All(fault => fault.Pointer != pointer && fault.Pointer != ""))
            _faults.Add(new Fault(pointer, code, detail, hint));
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

    /// <summary>Complains of a number outside of its range; null is none.</summary>
    public void CheckRange(string pointer, int? value, int least, int most, string unit)
    {
        if (value < least || value > most)
            Add(pointer, "out_of_range", $"{value}{unit} is out of range.", $"From {least} to {most}{unit}.");
    }

    /// <exception cref="InvalidRequestException">When there is any.</exception>
    public void ThrowIfAny()
    {
        if (_faults.Count > 0)
            throw new InvalidRequestException(_faults);
    }
}
