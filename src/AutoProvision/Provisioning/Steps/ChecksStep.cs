using AutoProvision.Ssh;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning.Steps;

/// <summary>Runs the caller's own readiness checks over SSH, one after the other, each until it succeeds or its time is over.</summary>
public sealed class ChecksStep(SshConnectionPool pool, VmAccess access, GuestRoot root, IOptions<ProvisioningOptions> options, TimeProvider time) : IStep
{
    private const int OutputKept = 64 * 1024;

    public static TimeSpan RetryInterval { get; } = TimeSpan.FromMilliseconds(500);

    public string Name => "checks";

    // Each check ends by itself; the rest is for reaching the guest.
    public TimeSpan Timeout(Vm vm) => TimeSpan.FromSeconds(vm.Spec.ReadinessChecks.Sum(check => check.TimeoutSeconds)) + options.Value.Timeouts.Preparation;

    public Failure TimedOut(Vm vm) => new("checks_timeout", $"The readiness checks were not over after {Timeout(vm).TotalSeconds:0} s.",
        "The guest hardly answers; the evidence has its processes, the end of cloud-init's output and its console. timeoutSeconds of the request's readinessChecks set the limit.");

    public bool WaitsForGuest => true;

    public async Task RunAsync(StepContext context, CancellationToken cancellation)
    {
        foreach (var check in context.Vm.Spec.ReadinessChecks)
        {
            await UntilItHoldsAsync(context, check, cancellation);
            context.Report($"Holds: {check.Description}");
        }
    }

    public Task UndoAsync(Vm vm, CancellationToken cancellation) => Task.CompletedTask;

    private async Task UntilItHoldsAsync(StepContext context, VmCheck check, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        var limit = TimeSpan.FromSeconds(check.TimeoutSeconds);
        while (true)
        {
            // On a busy host a pause may end late: then what is left of the time is nothing, and a last try is short.
            var left = limit - time.GetElapsedTime(started);
            var outcome = await TryAsync(context, check.Command, left > RetryInterval ? left : RetryInterval, cancellation);
            if (outcome.Holds)
                return;
            if (time.GetElapsedTime(started) + RetryInterval >= limit)
                throw new FailureException(outcome.Failed(check));
            await Task.Delay(RetryInterval, time, cancellation);
        }
    }

    // A guest whose own commands restart it or its sshd is back in a moment.
    private async Task<CheckOutcome> TryAsync(StepContext context, string command, TimeSpan within, CancellationToken cancellation)
    {
        try
        {
            var request = new ExecRequest(command) { Timeout = within, MaxOutputBytes = OutputKept, EndBy = root.Of(context.Id) };
            return CheckOutcome.Of(await pool.ExecAsync(context.Id.ToString(), () => access.Target(context.Vm), request, cancellation));
        }
        catch (FailureException e) when (SshFailures.IsLoss(e) || e.Code == SshFailures.Unreachable)
        {
            return new CheckOutcome(false, e.Failure.Cause, "");
        }
    }
}
