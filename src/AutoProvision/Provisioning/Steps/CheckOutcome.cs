using AutoProvision.Ssh;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning.Steps;

/// <summary>How one try of a readiness check went.</summary>
/// <param name="Holds">Whether the command succeeded.</param>
/// <param name="Ending">How it ended, in words.</param>
/// <param name="Output">What it printed, errors last.</param>
internal sealed record CheckOutcome(bool Holds, string Ending, string Output)
{
    private const int TailChars = 2000;

    public static CheckOutcome Of(ExecResult result) => new(result.ExitCode == 0, result switch
    {
        { MayStillRun: true } => "The time was over; the guest did not confirm that the command has ended.",
        { TimedOut: true } => "The command was ended because the time was over.",
        { ExitCode: { } code } => $"The command's exit code was {code}.",
        _ => $"The command was ended by the signal {result.Signal}.",
    }, (result.Stdout + result.Stderr).TrimEnd());

    public Failure Failed(VmCheck check) => new("readiness_check_failed",
        $"The readiness check \"{check.Description}\" did not succeed within {check.TimeoutSeconds} s. {Ending}",
        $"{check.Hint ?? $"See why \"{check.Command}\" fails in the guest."} timeoutSeconds of the check sets its limit.",
        Evidence: Output.Length <= TailChars ? Output : Output[^TailChars..]);
}
