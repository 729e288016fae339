using AutoProvision.Hypervisors;
using AutoProvision.HostTests.Support;
using AutoProvision.Vms;
using Microsoft.Extensions.DependencyInjection;

namespace AutoProvision.HostTests.Hypervisors;

/// <summary>What a guest's NICs on two networks, with addresses that libvirt keeps for them, must show.</summary>
internal sealed class NicProofs(HostApp app, OwnNetwork lan)
{
    private readonly INetworks _networks = app.Services.GetRequiredService<INetworks>();
    private readonly IHypervisor _hypervisor = app.Services.GetRequiredService<IHypervisor>();
    private readonly (string First, string Second) _reserved = ($"{lan.Subnet}.77", $"{lan.Subnet}.177");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Two on the test's own network; the service's own has no address that no other test may be given meanwhile.</summary>
    public static Nic[] Nics(OwnNetwork lan) => [new(BareGuest.NewMac(), lan.Name), new(BareGuest.NewMac(), lan.Name), new(BareGuest.NewMac())];

    /// <summary>Before the guest starts.</summary>
    public async Task ReserveAsync(BareGuest guest)
    {
        var found = await _networks.FindNetworkAsync(lan.Name, Cancellation);
        Assert.Equal([$"{lan.Prefix}:1/64", $"{lan.Subnet}.1/24"], found?.Subnets);
        Assert.True(found is { HasDhcp4: true, HasIpv6: true });
        await _networks.ReserveAddressAsync(guest.Id, guest.Nics[0], _reserved.First, Cancellation);
        await _networks.ReserveAddressAsync(guest.Id, guest.Nics[0], _reserved.First, Cancellation);
        await _networks.ReserveAddressAsync(guest.Id, guest.Nics[1], _reserved.Second, Cancellation);
        Assert.Equal("address_taken", (await Assert.ThrowsAsync<FailureException>(() => _networks.ReserveAddressAsync(guest.Id, guest.Nics[1], _reserved.First, Cancellation))).Code);
    }

    /// <summary>The guest has what was reserved, and an address that is in use is not given to another.</summary>
    public async Task HasThemAsync(BareGuest guest)
    {
        Assert.Equal(_reserved.First, guest.Address);
        Assert.Equal(_reserved.Second, await _hypervisor.WaitForAddressAsync(guest.Id, guest.Nics[1], Cancellation));
        var third = await _hypervisor.WaitForAddressAsync(guest.Id, guest.Nics[2], Cancellation);
        Assert.Equal([_reserved.First, _reserved.Second, third], await _hypervisor.ListAddressesAsync(guest.Id, guest.Nics, Cancellation));
        Assert.Equal($"{_reserved.First} {_reserved.Second} {third}",
            await guest.SayAsync("echo $(for nic in eth0 eth1 eth2; do ip -4 -o addr show $nic | sed -E 's,.* inet ([0-9.]+)/.*,\\1,'; done)"));
        await LeasedAsync(guest, third);
    }

    /// <summary>After the guest is removed, on a network that is up and on one that is down, which keeps addresses too, in its definition.</summary>
    public async Task AreFreeAgainAsync()
    {
        Assert.DoesNotContain("<host", await Tool.VirshAsync("net-dumpxml", lan.Name), StringComparison.Ordinal);
        Assert.DoesNotContain("<host", await Tool.VirshAsync("net-dumpxml", "--inactive", lan.Name), StringComparison.Ordinal);
        await Tool.VirshAsync("net-destroy", lan.Name);
        var nic = new Nic(BareGuest.NewMac(), lan.Name);
        await _networks.ReserveAddressAsync(Guid.NewGuid(), nic, $"{lan.Subnet}.5", Cancellation);
        Assert.Contains($"<host mac='{nic.Mac}' ip='{lan.Subnet}.5'/>", await Tool.VirshAsync("net-dumpxml", lan.Name), StringComparison.Ordinal);
        await _networks.ReleaseAddressAsync(Guid.NewGuid(), nic, Cancellation);
        Assert.DoesNotContain("<host", await Tool.VirshAsync("net-dumpxml", lan.Name), StringComparison.Ordinal);
    }

    private async Task LeasedAsync(BareGuest guest, string address)
    {
        var other = new Nic(BareGuest.NewMac());
        var failure = await Assert.ThrowsAsync<FailureException>(() => _networks.ReserveAddressAsync(guest.Id, other, address, Cancellation));
        Assert.Equal("address_taken", failure.Code);
        Assert.Contains(guest.Nics[2].Mac, failure.Message, StringComparison.Ordinal);
    }
}
