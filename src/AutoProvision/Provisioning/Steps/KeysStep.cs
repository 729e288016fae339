using AutoProvision.CloudInit;
using AutoProvision.Ssh;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning.Steps;

/// <summary>Makes the key pairs: the user's and the service's own, to log in with, and the guest's, to know it by from the first connection.</summary>
public sealed class KeysStep(VmAccess access, IOptions<ProvisioningOptions> options) : IStep
{
    public string Name => "keys";

    public TimeSpan Timeout(Vm vm) => Limit.Time;

    public Failure TimedOut(Vm vm) => new("keys_timeout", "The key files were not written in time.", $"See that the data directory's disk answers. {Limit.Hint}");

    public Task RunAsync(StepContext context, CancellationToken cancellation)
    {
        var vm = context.Vm;
        var user = SshKeyPair.Generate($"{vm.Spec.User}@{vm.Spec.Name}");
        var service = SshKeyPair.Generate($"{ServiceAccount.Name}@{vm.Spec.Name}");
        var host = SshKeyPair.Generate($"root@{vm.Spec.Name}");
        access.Keys(vm.Id).Write(user);
        access.Keys(vm.Id).WriteHostKey(host);
        access.Keys(vm.Id).WriteServiceKey(service);
        context.Update(it => it with { PublicKey = user.PublicOpenSsh, HostKey = host.PublicOpenSsh, ServiceKey = service.PublicOpenSsh }, "Made the key pairs.");
        return Task.CompletedTask;
    }

    public Task<bool> StillStandsAsync(Vm vm, CancellationToken cancellation) => Task.FromResult(access.Keys(vm.Id).AreComplete && (vm.ServiceKey is null || access.Keys(vm.Id).HasServiceKey));

    public Task UndoAsync(Vm vm, CancellationToken cancellation)
    {
        access.Keys(vm.Id).Remove();
        return Task.CompletedTask;
    }

    private StepLimit Limit => StepLimit.Preparation(options.Value.Timeouts);
}
