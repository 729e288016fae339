using AutoProvision.Hypervisors;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning;

/// <summary>Notes every address that can be seen of a guest which has just come up.</summary>
public sealed class SeenAddresses(IHypervisor hypervisor)
{
    /// <summary>A hypervisor that cannot tell changes nothing: the address that the service itself uses is known already.</summary>
    public async Task NoteAsync(StepContext context, CancellationToken cancellation)
    {
        var seen = await LookAsync(context.Vm, cancellation);
        if (!seen.SequenceEqual(context.Vm.Addresses))
            context.Update(vm => vm with { Addresses = seen }, $"The guest has the addresses {string.Join(", ", seen)}.");
    }

    private async Task<IReadOnlyList<string>> LookAsync(Vm vm, CancellationToken cancellation)
    {
        try
        {
            return await hypervisor.ListAddressesAsync(vm.Id, vm.Nics, cancellation);
        }
        catch (FailureException)
        {
            return vm.Addresses;
        }
    }
}
