using AutoProvision.HostTests.Support;

namespace AutoProvision.HostTests.Hypervisors;

/// <summary>A network with IPv4 and IPv6 that only one test uses, and that goes with it.</summary>
internal sealed class OwnNetwork : IAsyncDisposable
{
    // One of 10.200.0.0/16 and of fd00:a9::/32: others may run the same test.
    private readonly int _number = Random.Shared.Next(1, 255);

    // An interface's name has 15 characters at most.
    public string Name { get; } = $"ap-{Random.Shared.Next():x8}";

    public string Subnet => $"10.200.{_number}";

    public string Prefix => $"fd00:a9:{_number:x}:";

    public static async Task<OwnNetwork> StartAsync()
    {
        var network = new OwnNetwork();
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, network.Xml, TestContext.Current.CancellationToken);
            await Tool.VirshAsync("net-define", file);
        }
        finally
        {
            File.Delete(file);
        }
        await Tool.VirshAsync("net-start", network.Name);
        return network;
    }

    public async ValueTask DisposeAsync()
    {
        await Tool.TryVirshAsync("net-destroy", Name);
        await Tool.VirshAsync("net-undefine", Name);
    }

    private string Xml => $"""
        <network>
          <name>{Name}</name>
          <bridge name='{Name}'/>
          <ip family='ipv6' address='{Prefix}:1' prefix='64'><dhcp><range start='{Prefix}:100' end='{Prefix}:1ff'/></dhcp></ip>
          <ip address='{Subnet}.1' netmask='255.255.255.0'><dhcp><range start='{Subnet}.2' end='{Subnet}.99'/></dhcp></ip>
        </network>
        """;
}
