namespace AutoProvision.Vms;

/// <summary>One thing wrong with a request.</summary>
/// <param name="Pointer">JSON pointer (RFC 6901) to the value.</param>
/// <param name="Code">Stable machine-readable name.</param>
/// <param name="Detail">What is wrong, in words.</param>
/// <param name="Hint">What would be right.</param>
public sealed record Fault(string Pointer, string Code, string Detail, string Hint);

/// <summary>A request with everything that is wrong with it.</summary>
/// <param name="faults">The faults that are told.</param>
/// <param name="omitted">How many more there are.</param>
public sealed class InvalidRequestException(IReadOnlyList<Fault> faults, int omitted = 0) : Exception($"The request has {faults.Count + omitted} fault(s).")
{
    public IReadOnlyList<Fault> Faults { get; } = faults;

    public int Omitted { get; } = omitted;
}
