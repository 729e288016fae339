using AutoProvision.Hypervisors;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning.Steps;

/// <summary>Waits for the guest's address. The lease goes back with the domain.</summary>
public sealed class AddressStep(IHypervisor hypervisor, VmAccess access, IOptions<ProvisioningOptions> options) : IStep
{
    public string Name => "address";

    public TimeSpan Timeout(Vm vm) => Limit(vm).Time;

    public Failure TimedOut(Vm vm) => new("address_timeout", $"The guest had no address after {Timeout(vm).TotalSeconds:0} s.",
        $"The console's tail shows how far it booted: an image that does not boot, or one without DHCP on its first NIC. {Limit(vm).Hint}");

    public bool WaitsForGuest => true;

    public async Task RunAsync(StepContext context, CancellationToken cancellation)
    {
        var vm = context.Vm;
        var address = await hypervisor.WaitForAddressAsync(vm.Id, vm.Nics[0], cancellation);
        access.Keys(vm.Id).WriteKnownHosts(address, VmAccess.SshPort, vm.HostKey!);
        context.Update(it => it with { Address = address }, $"The guest has the address {address}.");
    }

    public Task UndoAsync(Vm vm, CancellationToken cancellation) => Task.CompletedTask;

    private StepLimit Limit(Vm vm) => StepLimit.Address(vm, options.Value.Timeouts);
}
