using System.Globalization;
using AutoProvision.CloudInit;
using AutoProvision.Hypervisors;
using AutoProvision.HostTests.Support;
using AutoProvision.Vms;
using Microsoft.Extensions.DependencyInjection;

namespace AutoProvision.HostTests.Hypervisors;

/// <summary>What a real guest does more than the micro guest: QEMU's agent, DHCPv6, and more memory to keep.</summary>
public sealed class AgentTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task A_Debian_guest_tells_its_IPv6_address_has_the_right_time_after_a_restore_and_shuts_down_when_asked()
    {
        await using var app = new HostApp();
        var control = app.Services.GetRequiredService<IDomainControl>();
        await using var lan = await OwnNetwork.StartAsync();
        var before = await HostSnapshot.TakeAsync(app);
        Nic[] nics = [new(BareGuest.NewMac()), new(BareGuest.NewMac(), lan.Name)];
        await using (var guest = new BareGuest(app, "agent") { Image = "debian-12", Size = new VmSize(2, 1024, 4), Nics = nics, NetworkConfig = await NetworkConfigAsync(app, nics) })
        {
            await BareGuest.TimeAsync("SSH", () => guest.StartAsync());
            await HasIpv6Async(app, guest, lan);
            await RestoreAsync(control, guest);
            await BareGuest.TimeAsync("shut down", async () =>
            {
                await control.AskToShutDownAsync(guest.Id, Cancellation);
                await guest.UntilAsync(DomainPower.Stopped);
            });
        }
        Assert.Empty(await HostSnapshot.NewSinceAsync(app, before));
    }

    private static async Task HasIpv6Async(HostApp app, BareGuest guest, OwnNetwork lan)
    {
        var hypervisor = app.Services.GetRequiredService<IHypervisor>();
        IReadOnlyList<string> addresses = [];
        while (!addresses.Any(address => address.StartsWith(lan.Prefix, StringComparison.Ordinal)))
        {
            await Task.Delay(250, Cancellation);
            addresses = await hypervisor.ListAddressesAsync(guest.Id, guest.Nics, Cancellation);
        }
        Assert.Equal(guest.Address, addresses[0]);
        Assert.StartsWith(lan.Subnet, addresses[1], StringComparison.Ordinal);
        Assert.All(addresses.Skip(2), address => Assert.StartsWith(lan.Prefix, address, StringComparison.Ordinal));
        // The agent alone tells them too, and of nothing else.
        await Tool.VirshAsync("qemu-agent-command", $"{guest.Id}", """{"execute":"guest-ping"}""");
        Assert.Equal(addresses, await hypervisor.ListAddressesAsync(guest.Id, guest.Nics, Cancellation));
    }

    private static async Task RestoreAsync(IDomainControl control, BareGuest guest)
    {
        await guest.SayAsync("echo before >~/file; sync; sudo timedatectl set-ntp false; sudo date -s '1 hour ago'");
        await BareGuest.TimeAsync("snapshot, running", () => control.CreateSnapshotAsync(guest.Id, "running", Cancellation));
        await guest.SayAsync("echo after >~/file; sync");

        await BareGuest.TimeAsync("restore, running", () => control.RestoreSnapshotAsync(guest.Id, "running", Cancellation));

        await BareGuest.TimeAsync("SSH after it", guest.ConnectAsync);
        Assert.Equal("before", await guest.SayAsync("cat ~/file"));
        var clock = DateTimeOffset.FromUnixTimeSeconds(long.Parse(await guest.SayAsync("date +%s"), CultureInfo.InvariantCulture));
        Assert.InRange((TimeProvider.System.GetUtcNow() - clock).Duration(), TimeSpan.Zero, TimeSpan.FromMinutes(5));
    }

    // The service's own, as it gives it to a VM on these networks.
    private static async Task<string> NetworkConfigAsync(HostApp app, Nic[] nics)
    {
        var networks = app.Services.GetRequiredService<INetworks>();
        return NicNetworks.BuildYaml(nics, [.. await Task.WhenAll(nics.Select(nic => networks.FindNetworkAsync(nic.Network, Cancellation)))]);
    }
}
