namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>The host's ARP table.</summary>
/// <param name="path">The kernel's /proc/net/arp; tests have a file of their own.</param>
public sealed class ArpTable(string path = "/proc/net/arp")
{
    public async Task<IEnumerable<SeenAddress>> ReadAsync() =>
        File.Exists(path) ? AddressTables.ParseArp(await File.ReadAllTextAsync(path)) : [];
}
