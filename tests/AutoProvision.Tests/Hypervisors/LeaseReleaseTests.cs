using AutoProvision.Vms;

namespace AutoProvision.Hypervisors;

/// <summary>Giving a lease back must not keep a VM from going; only a libvirt that is down may.</summary>
public sealed class LeaseReleaseTests : IAsyncDisposable
{
    private const int Limit = 30_000;
    private const string Mac = "52:54:00:00:00:01";
    private readonly LibvirtHost _host = new();

    [Theory(Timeout = Limit)]
    [InlineData("net-dhcp-leases", "Requested operation is not valid: network 'default' is not active")]
    [InlineData("net-dhcp-leases", "failed to get network 'default'")]
    [InlineData("net-info", "failed to get network 'default'")]
    public async Task A_network_that_is_down_or_gone_is_a_warning(string command, string error)
    {
        _host.Libvirt.Leases[Mac] = "192.0.2.7";
        _host.Libvirt.RefuseAt(command, error);

        await RemoveAsync();

        Assert.Contains(error, Assert.Single(_host.Log.Troubles), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task A_network_without_a_bridge_is_a_warning()
    {
        _host.Libvirt.Networks["default"] = new FakeNetwork { Bridge = "", Leases = { [Mac] = "192.0.2.7" } };

        await RemoveAsync();

        Assert.Contains("has no bridge", Assert.Single(_host.Log.Troubles), StringComparison.Ordinal);
    }

    [Theory(Timeout = Limit)]
    [InlineData("net-dhcp-leases")]
    [InlineData("net-info")]
    public async Task A_libvirt_that_is_down_fails_the_removal_so_that_it_is_tried_again(string command)
    {
        _host.Libvirt.Leases[Mac] = "192.0.2.7";
        _host.Libvirt.RefuseAt(command, "failed to connect to the hypervisor");

        var failure = await Assert.ThrowsAsync<FailureException>(RemoveAsync);

        Assert.Equal("hypervisor_unavailable", failure.Code);
    }

    [Fact(Timeout = Limit)]
    public async Task Without_a_lease_nothing_is_asked_for()
    {
        await RemoveAsync();

        Assert.Equal(["destroy", "undefine", "list", "net-dhcp-leases"], _host.Libvirt.Ran);
        Assert.Empty(_host.Log.Troubles);
    }

    [Fact(Timeout = Limit)]
    public async Task Each_NIC_is_looked_for_on_its_own_network_and_a_lease_of_IPv6_is_left_to_run_out()
    {
        _host.Libvirt.Networks["lan"] = new FakeNetwork { Leases = { [Mac] = "fd00:12::7" } };

        await _host.Hypervisor.RemoveDomainAsync(Guid.NewGuid(), [new Nic("52:54:00:00:00:02"), new Nic(Mac, "lan"), new Nic(Mac, "gone")], TestContext.Current.CancellationToken);

        Assert.Equal(["destroy", "undefine", "list", "net-dhcp-leases", "net-dhcp-leases", "net-dhcp-leases"], _host.Libvirt.Ran);
        Assert.Contains("'gone'", Assert.Single(_host.Log.Troubles), StringComparison.Ordinal);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private Task RemoveAsync() => _host.Hypervisor.RemoveDomainAsync(Guid.NewGuid(), [new Nic(Mac)], TestContext.Current.CancellationToken);
}
