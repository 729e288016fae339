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

    /// <summary>How long <see cref="RunAsync"/> may take.</summary>
    TimeSpan Timeout { get; }

    /// <summary>What the step's deadline passing means to the reader.</summary>
    Failure TimedOut { get; }

    /// <summary>Does the step's work; ends early when cancelled.</summary>
    /// <exception cref="FailureException">The step's own failure.</exception>
    Task RunAsync(StepContext context, CancellationToken cancellation);

    /// <summary>Removes whatever the step made for this VM.</summary>
    Task UndoAsync(Vm vm, CancellationToken cancellation);
}
