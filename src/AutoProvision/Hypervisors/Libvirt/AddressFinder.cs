using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>
/// Finds a guest's address: the DHCP lease of its MAC, a lasting entry of the host's ARP table, and, for guests that have neither
/// (a static address on a bridge), the guest agent.
/// </summary>
public sealed class AddressFinder(LeaseBook leases, ArpTable arp, GuestAgent agent, IOptions<LibvirtOptions> options, TimeProvider time)
{
    private readonly TimeSpan _interval = options.Value.AddressPollInterval;
    private readonly SharedLookup<Sightings> _lookup =
        new(() => LookAsync(leases, arp), options.Value.AddressPollInterval / 2, time);

    public async Task<string> WaitAsync(Guid id, string mac, CancellationToken cancellation)
    {
        using var found = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        // Side by side: an agent that hangs must not keep a lease from being seen.
        Task<string>[] ways = [WatchAsync(mac, found.Token), agent.WaitAsync(id, mac, found.Token)];
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

    // From the start of one look to the start of the next: what a look takes is not added.
    private async Task<string> WatchAsync(string mac, CancellationToken cancellation)
    {
        var doubt = new NeighbourDoubt(time);
        while (true)
        {
            var started = time.GetTimestamp();
            var seen = await _lookup.GetAsync(cancellation);
            if ((seen.Leased(mac) ?? doubt.Settle(seen.Neighbour(mac))) is { } address)
                return address.ToString();
            var rest = _interval - time.GetElapsedTime(started);
            if (rest > TimeSpan.Zero)
                await Task.Delay(rest, time, cancellation);
        }
    }

    // Leases last: one that came meanwhile takes away what the ARP table says of it.
    private static async Task<Sightings> LookAsync(LeaseBook leases, ArpTable arp)
    {
        var neighbours = (await arp.ReadAsync()).ToList();
        return new Sightings(await LeasesAsync(leases), neighbours);
    }

    // libvirt gone for a moment is no reason to give up: the wait has its own deadline.
    private static async Task<IReadOnlyList<SeenAddress>> LeasesAsync(LeaseBook leases)
    {
        try
        {
            return await leases.LookAsync(CancellationToken.None);
        }
        catch (FailureException)
        {
            return [];
        }
    }
}
