using AutoProvision.Ssh;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning.Steps;

/// <summary>Waits for cloud-init's end and reads how it went.</summary>
public sealed class CloudInitStep(SshWaiter waiter, VmAccess access, SshConnectionPool pool, SeenAddresses addresses, PowerFollower power, IOptions<ProvisioningOptions> options) : IStep
{
    public string Name => "cloud-init";

    public TimeSpan Timeout(Vm vm) => Limit(vm).Time;

    public Failure TimedOut(Vm vm) => new("cloud_init_timeout", $"cloud-init was not done{(AskedPower.Of(vm) is null ? "" : ", and its power_state not carried out,")} within {Timeout(vm).TotalSeconds:0} s.",
        $"The evidence shows what it is at, by the guest's processes and the end of cloud-init's output: packages and commands of the request run inside it. {Limit(vm).Hint}");

    public bool WaitsForGuest => true;

    public async Task RunAsync(StepContext context, CancellationToken cancellation)
    {
        var target = access.Target(context.Vm);
        if (AskedPower.Of(context.Vm) is { } mode)
            await power.FollowAsync(context, mode, () => FinishedAsync(context, target, cancellation), cancellation);
        else
            await FinishedAsync(context, target, cancellation);
        // From here on exec uses it: logging in again costs seconds on an emulated guest.
        pool.Adopt(context.Id.ToString(), target, context.TakeConnection());
        await addresses.NoteAsync(context, cancellation);
    }

    public Task UndoAsync(Vm vm, CancellationToken cancellation) => pool.ForgetAsync(vm.Id.ToString());

    // Asked again after a restart of the guest's own: what the first boot showed holds.
    private async Task FinishedAsync(StepContext context, SshTarget target, CancellationToken cancellation)
    {
        var result = await WaitAsync(context, target, cancellation);
        var complaint = CloudInitProbe.Judge(result);
        if (context.Vm.Degradation is not null || (context.Vm.Verified is not null && complaint is null))
            return;
        var verdict = SpecVerification.Judge(context.Vm, VerificationProbe.Read(result.Stdout));
        context.Update(vm => vm with { Verified = verdict.Verified, Degradation = SpecVerification.Failure(verdict.Mismatches, complaint) }, verdict.Message);
        if (context.Vm.Degradation is { } degradation)
            context.Report(degradation.Cause);
    }

    private async Task<ExecResult> WaitAsync(StepContext context, SshTarget target, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                context.Connection ??= await waiter.WaitAsync(target, CancellationToken.None, cancellation);
                // The step's own deadline comes first.
                var script = AskedPower.Of(context.Vm) is null ? CloudInitProbe.Script : CloudInitProbe.ScriptForAllBoots;
                return await context.Connection.ExecAsync(new ExecRequest(script) { IsOwn = true, MayBeBash = true, Timeout = 2 * Timeout(context.Vm) }, cancellation);
            }
            catch (FailureException e) when (SshFailures.IsLoss(e))
            {
                // cloud-init itself may restart sshd or the guest, after SSH first worked.
                await context.TakeConnection().DisposeAsync();
            }
        }
    }

    private StepLimit Limit(Vm vm) => StepLimit.CloudInit(vm, options.Value.Timeouts);
}
