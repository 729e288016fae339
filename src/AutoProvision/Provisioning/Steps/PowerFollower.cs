using System.Globalization;
using AutoProvision.CloudInit;
using AutoProvision.Hypervisors;
using AutoProvision.Ssh;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning.Steps;

/// <summary>
/// Stays with a guest whose user-data has a <c>power_state</c> until that is done or decided. A guest that switches itself off is seen by whoever
/// watches the step; one that halts is switched off.
/// </summary>
public sealed class PowerFollower(SshWaiter waiter, VmAccess access, IDomainControl control, TimeProvider time)
{
    public static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    // Less than the shortest delay of a minute: so much of a "+0", or of a clock that is set meanwhile, is waited for.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    // As long as systemd waits for services that do not end (DefaultTimeoutStopSec).
    internal static readonly TimeSpan HaltsWithin = TimeSpan.FromSeconds(90);

    // For a guest that cannot tell what becomes of it.
    private const int MostUnknown = 40;

    /// <summary>Returns when the guest stays up for now: it was never to go down, or will later, or is back.</summary>
    /// <param name="context">The step's VM.</param>
    /// <param name="mode">What was asked for.</param>
    /// <param name="finished">Waits for cloud-init's end on whichever boot the guest is, and judges it.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task FollowAsync(StepContext context, PowerMode mode, Func<Task> finished, CancellationToken cancellation)
    {
        var first = context.Vm.FirstBoot ?? (await AskAsync(context, PowerProbe.BootId, cancellation))?.Trim();
        var (isTold, unknown) = (false, 0);
        while (true)
        {
            var never = await JudgeAsync(finished);
            var said = await AskAsync(context, PowerProbe.Script, cancellation);
            var answer = said is null ? null : PowerProbe.Parse(said);
            if (answer is not null && first is { Length: > 0 } && answer.Boot != first)
            {
                // cloud-init may be switched off for all boots after the first.
                context.Report("The guest has restarted, as the power_state of its user-data says.");
                return;
            }
            if (answer is not null && never is not null)
                throw never;
            if (answer is not null && (IsOver(context, answer) || (answer.Fate == PowerFate.Unknown && ++unknown >= MostUnknown)))
                return;
            var isDue = answer?.Fate is PowerFate.GoesDown or PowerFate.Later;
            if (!isTold && isDue)
                context.Report(mode == PowerMode.Reboot ? "The guest restarts, as the power_state of its user-data says; what follows is asked of its next boot." : "The guest switches itself off, as the power_state of its user-data says.");
            isTold |= isDue;
            await Task.Delay(Look, time, cancellation);
            // Only one that is on its way, or whose connection is lost, may have halted.
            if (mode == PowerMode.Halt && (said is null || answer?.Fate == PowerFate.GoesDown))
                await HaltAsync(context, cancellation);
        }
    }

    private bool IsOver(StepContext context, PowerAnswer answer)
    {
        switch (answer.Fate)
        {
            case PowerFate.StaysUp:
                context.Report($"The guest stays up{(answer.Said.Length == 0 ? "." : $"; cloud-init says of its power_state: {answer.Said}")}");
                return true;
            case PowerFate.Later when answer.Left > Soon:
                context.Report(string.Create(CultureInfo.InvariantCulture, $"The guest will go down at {time.GetUtcNow() + answer.Left:yyyy-MM-dd'T'HH:mm:ss'Z'}, as the power_state of its user-data says."));
                return true;
            default:
                return false;
        }
    }

    private static async Task<FailureException?> JudgeAsync(Func<Task> finished)
    {
        try
        {
            await finished();
            return null;
        }
        catch (FailureException e) when (e.Code is "cloud_init_disabled" or "cloud_init_missing")
        {
            return e;
        }
    }

    // Whether its kernel has stopped is told by the console; where there is none, by its silence. One that answers is not switched off.
    private async Task HaltAsync(StepContext context, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        using var patience = new CancellationTokenSource(HaltsWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            while (context.Connection is not null && await AskAsync(context, PowerProbe.BootId, either.Token) is not null)
            {
                // It may be held up, or have changed its mind: what becomes of it is asked again.
                if (time.GetElapsedTime(started) >= HaltsWithin)
                    return;
                patience.CancelAfter(HaltsWithin);
                await Task.Delay(Look, time, either.Token);
            }
            context.Connection ??= await waiter.WaitAsync(access.Target(context.Vm), CancellationToken.None, either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            await control.SwitchOffAsync(context.Id, cancellation);
        }
    }

    /// <returns>What the guest printed; null where the connection went with it.</returns>
    private async Task<string?> AskAsync(StepContext context, string script, CancellationToken cancellation)
    {
        context.Connection ??= await waiter.WaitAsync(access.Target(context.Vm), CancellationToken.None, cancellation);
        try
        {
            return (await context.Connection.ExecAsync(new ExecRequest(script) { IsOwn = true, Timeout = TimeSpan.FromDays(1) }, cancellation)).Stdout;
        }
        catch (FailureException e) when (SshFailures.IsLoss(e))
        {
            await context.TakeConnection().DisposeAsync();
            return null;
        }
    }
}
