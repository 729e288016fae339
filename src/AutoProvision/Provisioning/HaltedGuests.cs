using AutoProvision.CloudInit;
using AutoProvision.Hypervisors;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning;

/// <summary>Switches guests off that halted as their user-data says: their kernel has ended, and their domain would run for ever.</summary>
public sealed class HaltedGuests(IHypervisor hypervisor, IDomainControl control, VmStore store)
{
    public async Task SwitchOffAsync(Guid id, CancellationToken cancellation)
    {
        if (store.Find(id) is { } vm && AskedPower.Of(vm) == PowerMode.Halt && await KernelWords.AreHaltAsync(hypervisor, id, cancellation))
            await control.SwitchOffAsync(id, cancellation);
    }
}
