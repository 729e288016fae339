namespace AutoProvision.Vms;

/// <summary>
/// What went wrong, told the same way everywhere: in <c>GET /vms/{id}</c>, the event stream, the log and the problem document.
/// </summary>
/// <param name="Code">Stable machine-readable name, snake_case; docs/troubleshooting.md explains each.</param>
/// <param name="Cause">What happened, in words.</param>
/// <param name="Hint">What the reader can do about it.</param>
/// <param name="Step">The pipeline step it happened in, where there was one.</param>
/// <param name="Evidence">Tail of a tool's stderr, the console log or cloud-init's status.</param>
public sealed record Failure(string Code, string Cause, string Hint, string? Step = null, string? Evidence = null)
{
    /// <summary>Of <c>spec_not_met</c>: what in the guest is not as it was asked for, in the order of the request.</summary>
    public IReadOnlyList<SpecMismatch>? Mismatches { get; init; }
}

/// <summary>Carries a <see cref="Vms.Failure"/> from where it is known to where it is recorded or answered.</summary>
public sealed class FailureException(Failure failure, Exception? inner = null) : Exception(failure.Cause, inner)
{
    public FailureException(string code, string cause, string hint, string? evidence = null, Exception? inner = null)
        : this(new Failure(code, cause, hint, Evidence: evidence), inner)
    {
    }

    public Failure Failure { get; } = failure;

    public string Code => Failure.Code;
}
