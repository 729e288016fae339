using AutoProvision.Vms;

namespace AutoProvision.Provisioning;

/// <summary>
/// One step of the way to a ready VM. Its intent is journalled before <see cref="RunAsync"/>, so that <see cref="UndoAsync"/>
/// also meets half-done work, and work that was never begun: "already absent" is success.
/// </summary>
public interface IStep
{
    /// <summary>Stable name; it stands in events, failures and the journal.</summary>
    string Name { get; }

    /// <summary>How long <see cref="RunAsync"/> may take for this VM.</summary>
    TimeSpan Timeout(Vm vm);

    /// <summary>What the step's deadline passing means to the reader, and where the limit that held can be set.</summary>
    Failure TimedOut(Vm vm);

    /// <summary>Whether the step waits for a guest that runs: the guest is then watched, since one that has died never answers.</summary>
    bool WaitsForGuest => false;

    /// <summary>
    /// Whether stopping the service ends the step in the middle, because it can be begun anew at the next start with nothing lost.
    /// The others take seconds and are let finish.
    /// </summary>
    bool CanBeCutOff => WaitsForGuest;

    /// <summary>Whether <see cref="RunAsync"/> takes over what a run that was cut off has left. The others are undone first.</summary>
    bool TakesOver => false;

    /// <summary>Whether what the finished step made is still there, for a job that goes on after a restart.</summary>
    Task<bool> StillStandsAsync(Vm vm, CancellationToken cancellation) => Task.FromResult(true);

    /// <summary>Does the step's work; ends early when cancelled.</summary>
    /// <exception cref="FailureException">The step's own failure.</exception>
    Task RunAsync(StepContext context, CancellationToken cancellation);

    /// <summary>Removes whatever the step made for this VM.</summary>
    Task UndoAsync(Vm vm, CancellationToken cancellation);
}
