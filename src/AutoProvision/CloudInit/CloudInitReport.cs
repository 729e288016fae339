namespace AutoProvision.CloudInit;

/// <param name="State">How far cloud-init is, and how it went.</param>
/// <param name="Errors">What it reported so far, hard errors first; may be filled while it still runs.</param>
public sealed record CloudInitReport(CloudInitState State, IReadOnlyList<CloudInitError> Errors);

/// <param name="Module">The module that failed (<c>scripts-user</c>), else the boot stage (<c>modules-final</c>), else <c>cloud-init</c>.</param>
/// <param name="Message">cloud-init's own words.</param>
public sealed record CloudInitError(string Module, string Message);

public enum CloudInitState
{
    NotRun,
    Running,
    Done,

    /// <summary>Done, with warnings or errors that it went on after (known to 23.4 and later).</summary>
    Degraded,

    /// <summary>A module or stage failed.</summary>
    Error,

    /// <summary>Switched off in the guest; it never runs.</summary>
    Disabled,
}
