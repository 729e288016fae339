using AutoProvision.Ssh;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning.Steps;

/// <summary>Waits for cloud-init's end and reads how it went.</summary>
public sealed class CloudInitStep(SshWaiter waiter, VmAccess access, SshConnectionPool pool, SeenAddresses addresses, IOptions<ProvisioningOptions> options) : IStep
{
    public string Name => "cloud-init";

    public TimeSpan Timeout(Vm vm) => Limit(vm).Time;

    public Failure TimedOut(Vm vm) => new("cloud_init_timeout", $"cloud-init was not done within {Timeout(vm).TotalSeconds:0} s.",
        $"The evidence shows what it is at, by the guest's processes and the end of cloud-init's output: packages and commands of the request run inside it. {Limit(vm).Hint}");

    public bool WaitsForGuest => true;

    public async Task RunAsync(StepContext context, CancellationToken cancellation)
    {
        var target = access.Target(context.Vm);
        var result = await WaitAsync(context, target, cancellation);
        // From here on exec uses it: logging in anew costs seconds on an emulated guest.
        pool.Adopt(context.Id.ToString(), target, context.TakeConnection());
        var complaint = CloudInitProbe.Judge(result);
        var verdict = SpecVerification.Judge(context.Vm, VerificationProbe.Read(result.Stdout));
        context.Update(vm => vm with { Verified = verdict.Verified, Degradation = SpecVerification.Failure(verdict.Mismatches, complaint) }, verdict.Message);
        if (context.Vm.Degradation is { } degradation)
            context.Report(degradation.Cause);
        await addresses.NoteAsync(context, cancellation);
    }

    public Task UndoAsync(Vm vm, CancellationToken cancellation) => pool.ForgetAsync(vm.Id.ToString());

    private async Task<ExecResult> WaitAsync(StepContext context, SshTarget target, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                context.Connection ??= await waiter.WaitAsync(target, cancellation);
                // The step's own deadline comes first.
                return await context.Connection.ExecAsync(new ExecRequest(CloudInitProbe.Script) { IsOwn = true, MayBeBash = true, Timeout = 2 * Timeout(context.Vm) }, cancellation);
            }
            catch (FailureException e) when (e.Code == SshFailures.Lost)
            {
                // cloud-init itself may restart sshd, after SSH first worked.
                await context.TakeConnection().DisposeAsync();
            }
        }
    }

    private StepLimit Limit(Vm vm) => StepLimit.CloudInit(vm, options.Value.Timeouts);
}
