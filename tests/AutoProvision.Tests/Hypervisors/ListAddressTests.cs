using AutoProvision.Vms;

namespace AutoProvision.Hypervisors;

/// <summary>All addresses of a guest at one moment, from whoever knows of them.</summary>
public sealed class ListAddressTests : IAsyncDisposable
{
    private const int Limit = 30_000;
    private const string First = "52:54:00:00:00:01";
    private const string Second = "52:54:00:00:00:02";
    private readonly LibvirtHost _host = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limit)]
    public async Task Leases_of_every_network_come_in_the_order_of_the_NICs()
    {
        _host.Libvirt.Leases[First] = "192.0.2.7";
        _host.Libvirt.Networks["lan"] = new FakeNetwork { Leases = { [Second] = "198.51.100.7", [First] = "198.51.100.8" } };

        Assert.Equal(["192.0.2.7", "198.51.100.7"], await ListAsync());
    }

    [Fact(Timeout = Limit)]
    public async Task The_agent_adds_what_no_lease_tells_and_nothing_that_works_on_one_link_only()
    {
        _host.Libvirt.Leases[First] = "192.0.2.7";
        _host.Libvirt.Networks["lan"] = new FakeNetwork();
        Tell((First, "fd00:12::7"), (First, "fe80::7"), (First, "192.0.2.7"), (First, "192.0.2.9"), (Second, "169.254.3.4"), (Second, "fd00:13::7"), ("00:00:00:00:00:00", "127.0.0.1"), ("02:42:00:00:00:01", "172.17.0.1"));

        Assert.Equal(["192.0.2.7", "192.0.2.9", "fd00:12::7", "fd00:13::7"], await ListAsync());
    }

    [Fact(Timeout = Limit)]
    public async Task The_hosts_arp_table_counts_where_nobody_else_knows_of_the_NIC()
    {
        _host.Libvirt.Leases[First] = "192.0.2.7";
        _host.Libvirt.Networks["lan"] = new FakeNetwork();
        await File.WriteAllTextAsync(_host.File("arp"), $"IP address HW type Flags HW address Mask Device\n192.0.2.70 0x1 0x2 {First} * virbr0\n198.51.100.7 0x1 0x2 {Second} * virbr1\n", Cancellation);

        Assert.Equal(["192.0.2.7", "198.51.100.7"], await ListAsync());
    }

    [Fact(Timeout = Limit)]
    public async Task A_libvirt_that_does_not_answer_leaves_it_to_the_others()
    {
        _host.Libvirt.RefuseAt("net-dhcp-leases", "failed to connect to the hypervisor");
        _host.Libvirt.Agent = (_, _) => throw new FailureException("tool_timeout", "virsh did not finish.", "Look at its log.");

        Assert.Empty(await ListAsync());
    }

    [Fact(Timeout = Limit)]
    public async Task A_further_NICs_address_is_waited_for_on_its_own_network()
    {
        _host.Libvirt.Leases[Second] = "192.0.2.7";
        _host.Libvirt.Networks["lan"] = new FakeNetwork { Leases = { [Second] = "198.51.100.7" } };

        Assert.Equal("198.51.100.7", await _host.Hypervisor.WaitForAddressAsync(Guid.NewGuid(), new Nic(Second, "lan"), Cancellation));
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private void Tell(params (string Mac, string Address)[] addresses) =>
        _host.Libvirt.Agent = (_, _) => FakeLibvirt.Answer(FakeLibvirt.Table(addresses.Select(entry => KeyValuePair.Create(entry.Mac, entry.Address))));

    private Task<IReadOnlyList<string>> ListAsync() => _host.Hypervisor.ListAddressesAsync(Guid.NewGuid(), [new Nic(First), new Nic(Second, "lan")], Cancellation);
}
