using AutoProvision.Processes;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>The DHCP leases of the network: looked up for all waiting VMs at once, given back when a VM goes.</summary>
public sealed partial class LeaseBook(Virsh virsh, IProcessRunner processes, IOptions<LibvirtOptions> options, TimeProvider time, ILogger<LeaseBook> logger)
{
    private static readonly TimeSpan ReleaseDeadline = TimeSpan.FromSeconds(2);
    private readonly LibvirtOptions _options = options.Value;

    public async Task<IReadOnlyList<SeenAddress>> LookAsync(CancellationToken cancellation) =>
        [.. AddressTables.ParseVirsh(await virsh.RunAsync(cancellation, "net-dhcp-leases", _options.Network))];

    /// <summary>
    /// Gives back what the DHCP server leased to a MAC; dnsmasq would keep it for an hour otherwise. Best effort: without
    /// dhcp_release or the right to use it, or with a network that is down or gone, the lease runs out by itself.
    /// </summary>
    /// <exception cref="FailureException"><c>hypervisor_unavailable</c> and <c>tool_timeout</c>: worth another try.</exception>
    public async Task ReleaseAsync(string mac, CancellationToken cancellation)
    {
        try
        {
            var held = (await LookAsync(cancellation)).Where(lease => lease.Mac == mac).ToList();
            if (held.Count > 0 && await AskBackAsync(held, cancellation))
                await WaitUntilGoneAsync(mac, cancellation);
        }
        catch (FailureException e) when (e.Code == "hypervisor_refused")
        {
            LogCannotRelease(mac, e.Failure.Evidence ?? e.Failure.Cause);
        }
    }

    private async Task<bool> AskBackAsync(List<SeenAddress> held, CancellationToken cancellation)
    {
        var mac = held[0].Mac;
        var bridge = VirshTables.Field(await virsh.RunAsync(cancellation, "net-info", _options.Network), "Bridge");
        var tool = HostTools.Find("dhcp_release");
        if (bridge is null)
            LogCannotRelease(mac, $"the network {_options.Network} has no bridge on this host");
        else if (tool is null)
            LogCannotRelease(mac, "dhcp_release is not installed (package dnsmasq-utils)");
        else
            foreach (var lease in held)
                await SendReleaseAsync(tool, bridge, lease, cancellation);
        return bridge is not null && tool is not null;
    }

    private async Task SendReleaseAsync(string tool, string bridge, SeenAddress lease, CancellationToken cancellation)
    {
        var result = await processes.RunAsync(new ProcessCommand(tool, bridge, lease.Address.ToString(), lease.Mac), cancellation);
        if (!result.Succeeded)
            LogCannotRelease(lease.Mac, result.Evidence);
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
