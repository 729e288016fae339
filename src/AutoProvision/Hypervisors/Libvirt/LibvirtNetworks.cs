namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>libvirt's networks.</summary>
public sealed class LibvirtNetworks : INetworks
{
    public Task<NetworkInfo?> FindNetworkAsync(string? name, CancellationToken cancellation) => throw new NotSupportedException();

    public Task ReserveAddressAsync(Guid id, Nic nic, string address, CancellationToken cancellation) => throw new NotSupportedException();

    public Task ReleaseAddressAsync(Guid id, Nic nic, CancellationToken cancellation) => throw new NotSupportedException();
}
