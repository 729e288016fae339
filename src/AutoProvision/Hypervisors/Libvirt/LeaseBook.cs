using AutoProvision.Processes;
using Microsoft.Extensions.Options;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>The DHCP leases of the network: looked up for all waiting VMs at once, given back when a VM goes.</summary>
public sealed partial class LeaseBook(Virsh virsh, IProcessRunner processes, IOptions<LibvirtOptions> options, TimeProvider time, ILogger<LeaseBook> logger)
{
    private static readonly TimeSpan ReleaseDeadline = TimeSpan.FromSeconds(2);
    private readonly LibvirtOptions _options = options.Value;

    public async Task<IReadOnlyList<SeenAddress>> LookAsync(CancellationToken cancellation) =>
        [.. AddressTables.ParseVirsh(await virsh.RunAsync(cancellation, "net-dhcp-leases", _options.Network))];

    /// <summary>The network's bridge on the host; null when the network is unknown or has none.</summary>
    public async Task<string?> FindBridgeAsync(CancellationToken cancellation)
    {
        var info = await virsh.TryAsync(cancellation, "net-info", _options.Network);
        return VirshTables.Field(info.Output, "Bridge");
    }

    /// <summary>
    /// Gives back what the DHCP server leased to a MAC; dnsmasq would keep it for an hour otherwise. Best effort: without
    /// dhcp_release or the right to use it the lease runs out by itself.
    /// </summary>
    public async Task ReleaseAsync(string mac, CancellationToken cancellation)
    {
        var held = (await LookAsync(cancellation)).Where(lease => lease.Mac == mac).ToList();
        if (held.Count == 0 || await FindBridgeAsync(cancellation) is not { } bridge)
            return;
        if (HostTools.Find("dhcp_release") is not { } tool)
        {
            LogCannotRelease(mac, "dhcp_release is not installed (package dnsmasq-utils)");
            return;
        }
        foreach (var lease in held)
        {
            var result = await processes.RunAsync(new ProcessCommand(tool, bridge, lease.Address.ToString(), mac), cancellation);
            if (!result.Succeeded)
                LogCannotRelease(mac, result.Evidence);
        }
        await WaitUntilGoneAsync(mac, cancellation);
    }

    // The release is one UDP packet: the server needs a moment to act on it.
    private async Task WaitUntilGoneAsync(string mac, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        while ((await LookAsync(cancellation)).Any(lease => lease.Mac == mac))
        {
            if (time.GetElapsedTime(started) > ReleaseDeadline)
            {
                LogCannotRelease(mac, "the DHCP server still lists it");
                return;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancellation);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The DHCP lease of {Mac} was not given back and will run out by itself: {Reason}")]
    private partial void LogCannotRelease(string mac, string reason);
}
