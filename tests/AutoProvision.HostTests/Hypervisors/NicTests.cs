using AutoProvision.Hypervisors;
using AutoProvision.HostTests.Support;
using AutoProvision.Vms;
using Microsoft.Extensions.DependencyInjection;

namespace AutoProvision.HostTests.Hypervisors;

/// <summary>NICs on two networks, with addresses that libvirt keeps for them.</summary>
public sealed class NicTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = 120_000)]
    public async Task A_guest_has_the_addresses_that_were_reserved_for_it_and_they_are_free_again_after_it()
    {
        await using var app = new HostApp(Micro.Settings());
        var networks = app.Services.GetRequiredService<INetworks>();
        await using var lan = await OwnNetwork.StartAsync();
        var found = await networks.FindNetworkAsync(lan.Name, Cancellation);
        Assert.Equal([$"{lan.Prefix}:1/64", $"{lan.Subnet}.1/24"], found?.Subnets);
        Assert.True(found is { HasDhcp4: true, HasIpv6: true });
        var before = await HostSnapshot.TakeAsync(app);
        // The service's own network has no address that no other test may be given meanwhile.
        await using (var guest = new BareGuest(app, "nics") { Nics = [new(BareGuest.NewMac(), lan.Name), new(BareGuest.NewMac(), lan.Name), new(BareGuest.NewMac())] })
        {
            var (first, second) = ($"{lan.Subnet}.77", $"{lan.Subnet}.177");
            await networks.ReserveAddressAsync(guest.Id, guest.Nics[0], first, Cancellation);
            await networks.ReserveAddressAsync(guest.Id, guest.Nics[0], first, Cancellation);
            await networks.ReserveAddressAsync(guest.Id, guest.Nics[1], second, Cancellation);
            Assert.Equal("address_taken", (await Assert.ThrowsAsync<FailureException>(() => networks.ReserveAddressAsync(guest.Id, guest.Nics[1], first, Cancellation))).Code);
            await guest.StartAsync();

            Assert.Equal(first, guest.Address);
            Assert.Equal(second, await app.Services.GetRequiredService<IHypervisor>().WaitForAddressAsync(guest.Id, guest.Nics[1], Cancellation));
            var third = await app.Services.GetRequiredService<IHypervisor>().WaitForAddressAsync(guest.Id, guest.Nics[2], Cancellation);
            Assert.Equal([first, second, third], await app.Services.GetRequiredService<IHypervisor>().ListAddressesAsync(guest.Id, guest.Nics, Cancellation));
            Assert.Equal($"{first} {second} {third}", await guest.SayAsync("echo $(for nic in eth0 eth1 eth2; do ip -4 -o addr show $nic | sed -E 's,.* inet ([0-9.]+)/.*,\\1,'; done)"));
            await LeasedAsync(networks, guest, third);
        }
        Assert.Empty(await HostSnapshot.NewSinceAsync(app, before));
        Assert.DoesNotContain("<host", await Tool.VirshAsync("net-dumpxml", lan.Name), StringComparison.Ordinal);
        Assert.DoesNotContain("<host", await Tool.VirshAsync("net-dumpxml", "--inactive", lan.Name), StringComparison.Ordinal);
        await AsleepAsync(networks, lan);
    }

    private static async Task LeasedAsync(INetworks networks, BareGuest guest, string address)
    {
        var other = new Nic(BareGuest.NewMac());
        var failure = await Assert.ThrowsAsync<FailureException>(() => networks.ReserveAddressAsync(guest.Id, other, address, Cancellation));
        Assert.Equal("address_taken", failure.Code);
        Assert.Contains(guest.Nics[2].Mac, failure.Message, StringComparison.Ordinal);
    }

    // A network that is down keeps addresses too, in its definition.
    private static async Task AsleepAsync(INetworks networks, OwnNetwork lan)
    {
        await Tool.VirshAsync("net-destroy", lan.Name);
        var nic = new Nic(BareGuest.NewMac(), lan.Name);
        await networks.ReserveAddressAsync(Guid.NewGuid(), nic, $"{lan.Subnet}.5", Cancellation);
        Assert.Contains($"<host mac='{nic.Mac}' ip='{lan.Subnet}.5'/>", await Tool.VirshAsync("net-dumpxml", lan.Name), StringComparison.Ordinal);
        await networks.ReleaseAddressAsync(Guid.NewGuid(), nic, Cancellation);
        Assert.DoesNotContain("<host", await Tool.VirshAsync("net-dumpxml", lan.Name), StringComparison.Ordinal);
    }
}
