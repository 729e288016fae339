using AutoProvision.Vms;

namespace AutoProvision.Hypervisors;

/// <summary>The hypervisor's networks, and the addresses that they keep for NICs.</summary>
/// <remarks>Every method throws <see cref="FailureException"/>; <c>hypervisor_unavailable</c> when the hypervisor itself does not answer.</remarks>
public interface INetworks
{
    /// <param name="name">The network's name; null asks for the service's own.</param>
    /// <param name="cancellation">Ends the look.</param>
    /// <returns>The network, running or not; null when there is none.</returns>
    Task<NetworkInfo?> FindNetworkAsync(string? name, CancellationToken cancellation);

    /// <summary>Has the network's DHCP server keep an address for a NIC, instead of one that it kept before; doing so again changes nothing.</summary>
    /// <exception cref="FailureException"><c>address_taken</c>: it is kept for another NIC, leased to one, or the host's own.</exception>
    Task ReserveAddressAsync(Guid id, Nic nic, string address, CancellationToken cancellation);

    /// <summary>Gives up what was reserved for a NIC; a network that is gone keeps nothing.</summary>
    Task ReleaseAddressAsync(Guid id, Nic nic, CancellationToken cancellation);
}

/// <param name="Name">Its name.</param>
/// <param name="Subnets">Its subnets in CIDR notation, with the host's own address in each, such as 192.168.122.1/24; none for a plain bridge.</param>
/// <param name="HasDhcp4">Whether libvirt serves IPv4 addresses on it.</param>
/// <param name="HasIpv6">Whether it has an IPv6 subnet, whose addresses the guest is given or makes up.</param>
public sealed record NetworkInfo(string Name, IReadOnlyList<string> Subnets, bool HasDhcp4, bool HasIpv6);
