using System.Collections.Concurrent;
using AutoProvision.Hypervisors;
using AutoProvision.Vms;

namespace AutoProvision.Fakes;

/// <summary>Networks: <c>default</c>, the service's own; <c>lan</c>, with IPv6; <c>bridge</c>, without addresses of its own.</summary>
internal sealed partial class FakeHypervisor : INetworks
{
    public ConcurrentDictionary<string, NetworkInfo> Networks { get; } = new(new Dictionary<string, NetworkInfo>
    {
        ["default"] = new("default", ["192.0.2.1/24"], HasDhcp4: true, HasIpv6: false),
        ["lan"] = new("lan", ["198.51.100.1/24", "fd00:12::1/64"], HasDhcp4: true, HasIpv6: true),
        ["bridge"] = new("bridge", [], HasDhcp4: false, HasIpv6: false),
    });

    /// <summary>MAC to address.</summary>
    public ConcurrentDictionary<string, string> Reservations { get; } = new();

    public Task<NetworkInfo?> FindNetworkAsync(string? name, CancellationToken cancellation) =>
        ActAsync(nameof(FindNetworkAsync), () => Networks.GetValueOrDefault(name ?? "default"), cancellation);

    public Task ReserveAddressAsync(Guid id, Nic nic, string address, CancellationToken cancellation) => ActAsync(nameof(ReserveAddressAsync), () =>
    {
        if (Reservations.Concat(Leases).Any(kept => kept.Value == address && kept.Key != nic.Mac))
            throw new FailureException("address_taken", $"The address {address} is kept for another machine.", "Choose another one.");
        return Reservations[nic.Mac] = address;
    }, cancellation);

    public Task ReleaseAddressAsync(Guid id, Nic nic, CancellationToken cancellation) =>
        ActAsync(nameof(ReleaseAddressAsync), () => Reservations.TryRemove(nic.Mac, out _), cancellation);
}
