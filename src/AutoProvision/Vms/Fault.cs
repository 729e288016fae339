namespace AutoProvision.Vms;

/// <summary>One thing wrong with a request.</summary>
/// <param name="Pointer">JSON pointer (RFC 6901) to the value.</param>
/// <param name="Code">Stable machine-readable name.</param>
/// <param name="Detail">What is wrong, in words.</param>
/// <param name="Hint">What would be right.</param>
public sealed record Fault(string Pointer, string Code, string Detail, string Hint);

/// <summary>A request with everything that is wrong with it.</summary>
public sealed class InvalidRequestException(IReadOnlyList<Fault> faults) : Exception($"The request has {faults.Count} fault(s).")
{
    public IReadOnlyList<Fault> Faults { get; } = faults;
}
