using AutoProvision.Hypervisors;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning.Steps;

/// <summary>Has the networks keep the addresses that were asked for, before the guest asks for one.</summary>
public sealed class NetworkStep(INetworks networks, IOptions<ProvisioningOptions> options) : IStep
{
    public string Name => "network";

    public TimeSpan Timeout(Vm vm) => Limit.Time;

    public Failure TimedOut(Vm vm) => new("network_timeout", "The addresses were not reserved in time.", $"libvirt may hang: look at its log. {Limit.Hint}");

    public async Task RunAsync(StepContext context, CancellationToken cancellation)
    {
        foreach (var (nic, address) in Reserved(context.Vm))
            await networks.ReserveAddressAsync(context.Id, nic, address, cancellation);
    }

    public async Task UndoAsync(Vm vm, CancellationToken cancellation)
    {
        foreach (var (nic, _) in Reserved(vm))
            await networks.ReleaseAddressAsync(vm.Id, nic, cancellation);
    }

    private StepLimit Limit => StepLimit.Preparation(options.Value.Timeouts);

    private static IEnumerable<(Nic Nic, string Address)> Reserved(Vm vm) =>
        from pair in vm.Nics.Zip(vm.Spec.Nics.Prepend(vm.Spec.Network ?? new VmNic()))
        where pair.Second.Address is not null
        select (pair.First, pair.Second.Address);
}
