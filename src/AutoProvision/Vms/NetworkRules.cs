using AutoProvision.Hypervisors;

namespace AutoProvision.Vms;

/// <summary>Whether the networks that a spec names are there, and can keep the addresses that it wants.</summary>
public sealed class NetworkRules(INetworks networks)
{
    /// <summary>Asks the hypervisor about every network that is named or is to keep an address.</summary>
    /// <returns>Name of the service's own network; null where nothing depends on it.</returns>
    /// <exception cref="InvalidRequestException">With everything that is wrong.</exception>
    /// <exception cref="FailureException"><c>hypervisor_unavailable</c>.</exception>
    public async Task<string?> CheckAsync(VmSpec spec, CancellationToken cancellation)
    {
        var faults = new FaultList([]);
        await CheckAsync(spec, faults, cancellation);
        faults.ThrowIfAny();
        return Nics(spec).All(entry => entry.Nic.Address is null) ? null : (await networks.FindNetworkAsync(null, cancellation))?.Name;
    }

    /// <summary>Adds what is wrong to the faults of a request that is refused anyway; a hypervisor that does not answer adds none.</summary>
    public async Task TryCheckAsync(VmSpec spec, FaultList faults, CancellationToken cancellation)
    {
        try
        {
            await CheckAsync(spec, faults, cancellation);
        }
        catch (FailureException)
        {
            // The others are enough to refuse it.
        }
    }

    private async Task CheckAsync(VmSpec spec, FaultList faults, CancellationToken cancellation)
    {
        foreach (var (pointer, nic) in Nics(spec).Where(entry => entry.Nic != new VmNic()))
            Check(pointer, nic, await networks.FindNetworkAsync(nic.Network, cancellation), faults);
    }

    /// <summary>Refuses an address that is kept for a VM already.</summary>
    /// <param name="spec">What is asked for.</param>
    /// <param name="ownNetwork">Name of the service's own network, which a spec may leave out.</param>
    /// <param name="present">All VMs there are.</param>
    /// <exception cref="FailureException"><c>address_taken</c>.</exception>
    public static void Admit(VmSpec spec, string? ownNetwork, IReadOnlyList<Vm> present)
    {
        var wanted = Kept(spec, ownNetwork).ToHashSet();
        if (wanted.Count == 0)
            return;
        foreach (var vm in present)
            foreach (var kept in Kept(vm.Spec, ownNetwork).Where(wanted.Contains))
                throw VmFailures.AddressTaken(kept.Address, kept.Network, vm);
    }

    private static IEnumerable<(string Network, string Address)> Kept(VmSpec spec, string? ownNetwork) =>
        Nics(spec).Where(entry => entry.Nic.Address is not null).Select(entry => (entry.Nic.Network ?? ownNetwork ?? "", entry.Nic.Address!));

    private static IEnumerable<(string Pointer, VmNic Nic)> Nics(VmSpec spec) =>
        spec.Nics.Select((nic, index) => ($"/nics/{index}", nic)).Prepend(("/network", spec.Network ?? new VmNic()));

    private static void Check(string pointer, VmNic nic, NetworkInfo? network, FaultList faults)
    {
        if (network is null)
            faults.Add($"{pointer}/name", "network_unknown", nic.Network is null ? "The service's own network is not there." : $"There is no network \"{nic.Network}\".",
                "virsh net-list --all lists the host's networks; Libvirt:Network names the service's own.");
        else if (nic.Address is not null && !network.HasDhcp4)
            faults.Add($"{pointer}/address", "network_without_dhcp", $"The network \"{network.Name}\" serves no addresses, so that it can keep none.",
                "Leave the address out and give it with networkConfig, or name another network.");
        else if (nic.Address is not null && !network.Subnets.Select(Subnet4.Parse).Any(subnet => subnet?.IsFree(nic.Address) == true))
            faults.Add($"{pointer}/address", "address_outside_network", $"The network \"{network.Name}\" cannot give {nic.Address} to a guest.",
                $"An address of {string.Join(" or ", network.Subnets)} other than the host's own, the first and the last one.");
    }
}
