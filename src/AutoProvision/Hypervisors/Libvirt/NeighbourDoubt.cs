using System.Net;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>One look at the leases and at the host's ARP table.</summary>
public sealed record Sightings(IReadOnlyList<SeenAddress> Leases, IReadOnlyList<SeenAddress> Neighbours)
{
    public IPAddress? Leased(string mac) => AddressTables.Pick(Leases, mac);

    /// <summary>What the ARP table has for the MAC and no lease gives to another.</summary>
    public IPAddress? Neighbour(string mac) =>
        AddressTables.Pick(Neighbours.Where(near => Leases.All(lease => !lease.Address.Equals(near.Address))), mac);
}

/// <summary>
/// When an entry of the ARP table can be believed. dnsmasq enters an address there as soon as it offers it (SIOCSARP in its
/// dhcp.c), and it may offer one to two guests, of which one gets it. Between offer and lease it can be busy for seconds: it
/// pings each address for three before it offers it.
/// </summary>
public sealed class NeighbourDoubt(TimeProvider time)
{
    private static readonly TimeSpan Doubt = TimeSpan.FromSeconds(10);
    private IPAddress? _seen;
    private long _since;

    /// <summary>The address, once it has been seen for long enough.</summary>
    public IPAddress? Settle(IPAddress? neighbour)
    {
        if (!Equals(neighbour, _seen))
            (_seen, _since) = (neighbour, time.GetTimestamp());
        return _seen is not null && time.GetElapsedTime(_since) >= Doubt ? _seen : null;
    }
}
