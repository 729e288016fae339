using AutoProvision.Ssh;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning.Steps;

/// <summary>Logs in as the created user, with the host key verified, and sees a command's exit code come back.</summary>
public sealed class SshStep(SshWaiter waiter, VmAccess access, SshConnectionPool pool, IOptions<ProvisioningOptions> options, TimeProvider time) : IStep
{
    /// <summary>How long a guest that was made already may refuse its user once the service's own account got in: it is up, and waits for nothing.</summary>
    public static TimeSpan RefusalPatience { get; } = TimeSpan.FromSeconds(20);

    // Of a start-up file that hangs; a guest that still boots on a busy host may take long for a command.
    private static readonly TimeSpan CommandPatience = TimeSpan.FromMinutes(1);

    private const string Accepted = "SSH accepted the key.";

    public string Name => "ssh";

    public TimeSpan Timeout(Vm vm) => Limit(vm).Time;

    public Failure TimedOut(Vm vm) => new("ssh_timeout", $"SSH did not accept the key within {Timeout(vm).TotalSeconds:0} s.",
        $"The evidence has the guest's processes and cloud-init's output where it answers, and its console. {Limit(vm).Hint}");

    public bool WaitsForGuest => true;

    public async Task RunAsync(StepContext context, CancellationToken cancellation)
    {
        var target = access.Target(context.Vm);
        string? boot = null;
        while (context.Connection is null)
        {
            // From here on the context sees to its end.
            var isMade = context.Vm.IsMade;
            context.Connection = isMade ? await LogInAgainAsync(context.Vm, target, cancellation) : await waiter.WaitAsync(target, cancellation);
            try
            {
                var request = isMade ? SshProof.Request with { Timeout = CommandPatience } : SshProof.Request;
                SshProof.Check(await context.Connection.ExecAsync(request, cancellation), target.User);
                // Kept from here on, so that a restart is told from the first boot also by a service that was started again meanwhile.
                if (!isMade && context.Vm.FirstBoot is null && AskedPower.Of(context.Vm) is not null)
                    boot = (await context.Connection.ExecAsync(new ExecRequest(PowerProbe.BootId) { IsOwn = true, Timeout = CommandPatience }, cancellation)).Stdout.Trim();
            }
            catch (FailureException e) when (SshFailures.IsLoss(e))
            {
                // sshd is restarted while the guest sets itself up: look again.
                await context.TakeConnection().DisposeAsync();
            }
        }
        if (boot is { Length: > 0 })
            context.Update(vm => vm with { FirstBoot = boot }, Accepted);
        else
            context.Report(Accepted);
    }

    public Task UndoAsync(Vm vm, CancellationToken cancellation) => pool.ForgetAsync(vm.Id.ToString());

    // A user who is not let in where the service's own account is will not be by waiting for the whole of the step's time.
    private async Task<ISshConnection> LogInAgainAsync(Vm vm, SshTarget target, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task<bool>? asking = null;
        try
        {
            return await waiter.WaitAsync(target, () => asking ??= AskAccountAsync(vm, patience, over.Token), patience.Token, cancellation);
        }
        catch (FailureException e) when (e.Code == SshFailures.AuthFailed && asking is { IsCompletedSuccessfully: true, Result: true })
        {
            throw new FailureException(e.Failure with { Hint = $"{e.Failure.Hint} The service's own account gets in: the guest's files can be read and written." }, e);
        }
        finally
        {
            await over.CancelAsync();
            if (asking is not null)
                await ((Task)asking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <returns>Whether the account got in, and the user still did not.</returns>
    private async Task<bool> AskAccountAsync(Vm vm, CancellationTokenSource patience, CancellationToken cancellation)
    {
        if (access.ServiceTarget(vm with { IsServiceShutOut = false }) is not { } target)
            return false;
        // Files will be asked for by it.
        pool.Adopt(SshConnectionPool.OfService(vm.Id.ToString()), target, await waiter.WaitAsync(target, cancellation));
        await Task.Delay(RefusalPatience, time, cancellation);
        await patience.CancelAsync();
        return true;
    }

    private StepLimit Limit(Vm vm) => StepLimit.Ssh(vm, options.Value.Timeouts);
}
