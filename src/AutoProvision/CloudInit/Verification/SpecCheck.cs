namespace AutoProvision.CloudInit.Verification;

/// <summary>One thing that was asked for and is looked at in the guest.</summary>
/// <param name="Pointer">JSON pointer into the request.</param>
/// <param name="Expected">What is to be there, in words; nothing secret.</param>
/// <param name="Of">The pointer of the thing that this is a property of: where that is missing, this is not looked at.</param>
public sealed record SpecCheck(string Pointer, string Expected, string? Of = null);

/// <summary>What became of a <see cref="SpecCheck"/>.</summary>
public enum SpecFinding
{
    /// <summary>Nobody can tell, or nobody told.</summary>
    Unknown,
    Ok,
    Differs,
    Missing,
}
