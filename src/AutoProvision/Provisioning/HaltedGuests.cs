using AutoProvision.CloudInit;
using AutoProvision.Hypervisors;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning;

/// <summary>Switches guests off that halted as their user-data says: their kernel has ended, and their domain would run for ever.</summary>
public sealed class HaltedGuests(IHypervisor hypervisor, IDomainControl control, VmStore store)
{
    // Linux' last words (kernel_halt in kernel/reboot.c), which it says on every console.
    private const string LastWords = "reboot: System halted";
    private const int LookAtChars = 1000;

    public async Task SwitchOffAsync(Guid id, CancellationToken cancellation)
    {
        if (store.Find(id) is { } vm && AskedPower.Of(vm) == PowerMode.Halt && (await hypervisor.ReadConsoleAsync(id, LookAtChars, cancellation)).TrimEnd().EndsWith(LastWords, StringComparison.Ordinal))
            await control.SwitchOffAsync(id, cancellation);
    }
}
