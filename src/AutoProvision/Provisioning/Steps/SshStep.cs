using AutoProvision.Ssh;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning.Steps;

/// <summary>Logs in as the created user, with the host key verified, and sees a command's exit code come back.</summary>
public sealed class SshStep(SshWaiter waiter, VmAccess access, SshConnectionPool pool, IOptions<ProvisioningOptions> options) : IStep
{
    public string Name => "ssh";

    public TimeSpan Timeout(Vm vm) => Limit(vm).Time;

    public Failure TimedOut(Vm vm) => new("ssh_timeout", $"SSH did not accept the key within {Timeout(vm).TotalSeconds:0} s.",
        $"The evidence has the guest's processes and cloud-init's output where it answers, and its console. {Limit(vm).Hint}");

    public bool WaitsForGuest => true;

    public async Task RunAsync(StepContext context, CancellationToken cancellation)
    {
        var target = access.Target(context.Vm);
        while (context.Connection is null)
        {
            // From here on the context sees to its end.
            context.Connection = await waiter.WaitAsync(target, cancellation);
            try
            {
                SshProof.Check(await context.Connection.ExecAsync(SshProof.Request, cancellation), target.User);
            }
            catch (FailureException e) when (SshFailures.IsLoss(e))
            {
                // sshd is restarted while the guest sets itself up: look again.
                await context.TakeConnection().DisposeAsync();
            }
        }
        context.Report("SSH accepted the key.");
    }

    public Task UndoAsync(Vm vm, CancellationToken cancellation) => pool.ForgetAsync(vm.Id.ToString());

    private StepLimit Limit(Vm vm) => StepLimit.Ssh(vm, options.Value.Timeouts);
}
