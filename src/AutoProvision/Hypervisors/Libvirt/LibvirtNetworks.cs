using System.Net;
using System.Runtime.CompilerServices;
using AutoProvision.Processes;
using AutoProvision.Vms;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>libvirt's networks. A reservation is kept in the network's definition and, while it is active, in its DHCP server too.</summary>
public sealed class LibvirtNetworks(Virsh virsh, LeaseBook leases) : INetworks
{
    // libvirt's words in src/conf/network_conf.c.
    private const string IsKept = "there is an existing dhcp host entry";
    private const string IsNotKept = "couldn't locate a matching dhcp host entry";

    public async Task<NetworkInfo?> FindNetworkAsync(string? name, CancellationToken cancellation)
    {
        // Only its name matters of this NIC.
        var network = leases.NetworkOf(new Nic("", name));
        return await HasAsync(network, cancellation) ? (await ReadAsync(network, isLasting: false, cancellation)).Info : null;
    }

    public async Task ReserveAddressAsync(Guid id, Nic nic, string address, CancellationToken cancellation)
    {
        var (network, wanted) = (leases.NetworkOf(nic), new Reservation(nic.Mac, IPAddress.Parse(address)));
        var places = await PlacesAsync(network, cancellation).ToListAsync(cancellation);
        if (places.Any(place => place.Xml.Reservations.Any(kept => kept.Address.Equals(wanted.Address) && kept.Mac != nic.Mac)))
            throw Taken(address, network, "it is reserved for another MAC address");
        if (places.Any(place => place.Xml.Subnets.Any(subnet => subnet.Host.Equals(wanted.Address))))
            throw Taken(address, network, "it is the host's own");
        if (places.Any(place => !place.IsLasting) && (await leases.LookAsync(network, cancellation)).FirstOrDefault(lease => lease.Address.Equals(wanted.Address) && lease.Mac != nic.Mac) is { Mac: { } holder })
            throw Taken(address, network, $"it is leased to {holder}");
        foreach (var place in places.Where(place => !place.Xml.Reservations.Contains(wanted)))
            await KeepAsync(place, wanted, cancellation);
    }

    public async Task ReleaseAddressAsync(Guid id, Nic nic, CancellationToken cancellation)
    {
        var own = leases.NetworkOf(nic);
        if (await HasAsync(own, cancellation))
            await foreach (var place in PlacesAsync(own, cancellation))
                await ForgetAsync(place, nic.Mac, cancellation);
        if (nic.Network is not null)
            return;
        // The service's own network may have been another one when the address was reserved.
        foreach (var network in (await NamesAsync(cancellation)).Where(name => name != own))
            await ForgetOnOtherAsync(network, nic.Mac, cancellation);
    }

    // Somebody else's, who may not let us read it, or remove it just now: that must not hold up the VM's end for ever.
    private async Task ForgetOnOtherAsync(string network, string mac, CancellationToken cancellation)
    {
        var isKept = false;
        try
        {
            await foreach (var place in PlacesAsync(network, cancellation))
            {
                isKept |= place.Xml.Reservations.Any(kept => kept.Mac == mac);
                await ForgetAsync(place, mac, cancellation);
            }
        }
        catch (FailureException e) when (e.Code is "hypervisor_refused" or "hypervisor_garbled")
        {
            if (isKept && await HasAsync(network, cancellation))
                throw;
        }
    }

    private async Task KeepAsync(Place place, Reservation wanted, CancellationToken cancellation)
    {
        // What was kept for it before.
        await ForgetAsync(place, wanted.Mac!, cancellation);
        var result = await UpdateAsync(place, "add", wanted, cancellation);
        if (!result.Succeeded)
            // Somebody was quicker.
            throw result.Error.Contains(IsKept, StringComparison.Ordinal)
                ? Taken(wanted.Address.ToString(), place.Xml.Name, "it is reserved for another MAC address")
                : Virsh.Refused("virsh net-update", result);
    }

    private async Task ForgetAsync(Place place, string mac, CancellationToken cancellation)
    {
        foreach (var kept in place.Xml.Reservations.Where(kept => kept.Mac == mac))
        {
            var result = await UpdateAsync(place, "delete", kept, cancellation);
            if (!result.Succeeded && !result.Error.Contains(IsNotKept, StringComparison.Ordinal))
                throw Virsh.Refused("virsh net-update", result);
        }
    }

    private Task<ProcessResult> UpdateAsync(Place place, string command, Reservation reservation, CancellationToken cancellation) => virsh.TryAsync(cancellation,
        "net-update", "--network", place.Xml.Name, "--command", command, "--section", "ip-dhcp-host", "--parent-index", $"{place.Xml.Dhcp4 ?? -1}",
        "--xml", reservation.Xml, place.IsLasting ? "--config" : "--live");

    // The two need not agree: libvirt may have been killed between them, and would then refuse to change both at once.
    private async IAsyncEnumerable<Place> PlacesAsync(string network, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var info = await virsh.RunAsync(cancellation, "net-info", "--network", network);
        if (VirshTables.Field(info, "Active") == "yes")
            yield return new Place(IsLasting: false, await ReadAsync(network, isLasting: false, cancellation));
        if (VirshTables.Field(info, "Persistent") == "yes")
            yield return new Place(IsLasting: true, await ReadAsync(network, isLasting: true, cancellation));
    }

    private async Task<NetworkXml> ReadAsync(string network, bool isLasting, CancellationToken cancellation) => NetworkXml.Parse(
        await virsh.RunAsync(cancellation, ["net-dumpxml", "--network", network, .. isLasting ? ["--inactive"] : Array.Empty<string>()]));

    private async Task<bool> HasAsync(string network, CancellationToken cancellation) => (await NamesAsync(cancellation)).Contains(network, StringComparer.Ordinal);

    // "failed to get network" may have many reasons: only a whole list tells that there is none.
    private async Task<string[]> NamesAsync(CancellationToken cancellation) =>
        (await virsh.ListAsync("net-list --all --name", cancellation)).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static FailureException Taken(string address, string network, string why) => new("address_taken",
        $"The address {address} of the network \"{network}\" cannot be given: {why}.", "Choose another address, or leave it out to be given any.");

    /// <param name="IsLasting">The definition; otherwise the network as it runs.</param>
    /// <param name="Xml">What is kept there.</param>
    private sealed record Place(bool IsLasting, NetworkXml Xml);
}
