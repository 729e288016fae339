using System.Collections.Concurrent;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>
/// Finds a guest's addresses: the DHCP leases of its NICs' networks, a lasting entry of the host's ARP table, and, for guests that
/// have neither (a static address on a bridge), the guest agent.
/// </summary>
public sealed class AddressFinder(LeaseBook leases, ArpTable arp, GuestAgent agent, IOptions<LibvirtOptions> options, TimeProvider time)
{
    private readonly TimeSpan _interval = options.Value.AddressPollInterval;
    private readonly ConcurrentDictionary<string, SharedLookup<Sightings>> _lookups = new();

    public async Task<string> WaitAsync(Guid id, Nic nic, CancellationToken cancellation)
    {
        using var found = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        // Side by side: an agent that hangs must not keep a lease from being seen.
        Task<string>[] ways = [WatchAsync(nic, found.Token), agent.WaitAsync(id, nic.Mac, found.Token)];
        try
        {
            return await await Task.WhenAny(ways);
        }
        finally
        {
            await found.CancelAsync();
            await ((Task)Task.WhenAll(ways)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>What can be seen now: leases before what only the agent tells. The ARP table counts where neither knows of a NIC.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(Guid id, IReadOnlyList<Nic> nics, CancellationToken cancellation)
    {
        var told = await agent.TellAsync(id, cancellation);
        var addresses = new List<string>();
        foreach (var nic in nics)
        {
            var seen = await LookupOf(nic).GetAsync(cancellation);
            var known = AddressTables.Usable(seen.Leases.Concat(told), nic.Mac);
            addresses.AddRange((known.Count > 0 ? known : AddressTables.Usable(seen.Neighbours, nic.Mac)).Select(address => address.ToString()));
        }
        return [.. addresses.Distinct()];
    }

    // From the start of one look to the start of the next: what a look takes is not added.
    private async Task<string> WatchAsync(Nic nic, CancellationToken cancellation)
    {
        var (lookup, doubt) = (LookupOf(nic), new NeighbourDoubt(time));
        while (true)
        {
            var started = time.GetTimestamp();
            var seen = await lookup.GetAsync(cancellation);
            if ((seen.Leased(nic.Mac) ?? doubt.Settle(seen.Neighbour(nic.Mac))) is { } address)
                return address.ToString();
            var rest = _interval - time.GetElapsedTime(started);
            if (rest > TimeSpan.Zero)
                await Task.Delay(rest, time, cancellation);
        }
    }

    private SharedLookup<Sightings> LookupOf(Nic nic) => _lookups.GetOrAdd(leases.NetworkOf(nic), network => new(() => LookAsync(network), _interval / 2, time));

    // Leases last: one that came meanwhile takes away what the ARP table says of it.
    private async Task<Sightings> LookAsync(string network)
    {
        var neighbours = (await arp.ReadAsync()).ToList();
        return new Sightings(await LeasesAsync(network), neighbours);
    }

    // libvirt gone for a moment is no reason to give up: the wait has its own deadline.
    private async Task<IReadOnlyList<SeenAddress>> LeasesAsync(string network)
    {
        try
        {
            return await leases.LookAsync(network, CancellationToken.None);
        }
        catch (FailureException)
        {
            return [];
        }
    }
}
