using System.Net.Sockets;
using AutoProvision.Processes;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>The DHCP leases of the networks: looked up for all waiting VMs at once, given back when a VM goes.</summary>
public sealed partial class LeaseBook(Virsh virsh, IProcessRunner processes, IOptions<LibvirtOptions> options, TimeProvider time, ILogger<LeaseBook> logger)
{
    private static readonly TimeSpan ReleaseDeadline = TimeSpan.FromSeconds(2);
    private readonly LibvirtOptions _options = options.Value;

    public string NetworkOf(Nic nic) => nic.Network ?? _options.Network;

    public async Task<IReadOnlyList<SeenAddress>> LookAsync(string network, CancellationToken cancellation) =>
        [.. AddressTables.ParseVirsh(await virsh.RunAsync(cancellation, "net-dhcp-leases", "--network", network))];

    /// <summary>
    /// Gives back what the DHCP server leased to a NIC; dnsmasq would keep it for an hour otherwise. Best effort: without
    /// dhcp_release or the right to use it, or with a network that is down or gone, the lease runs out by itself. So does one of
    /// DHCPv6, which is given back only in the guest's own name; those are not scarce.
    /// </summary>
    /// <exception cref="FailureException"><c>hypervisor_unavailable</c> and <c>tool_timeout</c>: worth another try.</exception>
    public async Task ReleaseAsync(Nic nic, CancellationToken cancellation)
    {
        try
        {
            var held = await HeldAsync(nic, cancellation);
            if (held.Count > 0 && await AskBackAsync(NetworkOf(nic), held, cancellation))
                await WaitUntilGoneAsync(nic, cancellation);
        }
        catch (FailureException e) when (e.Code == "hypervisor_refused")
        {
            LogCannotRelease(nic.Mac, e.Failure.Evidence ?? e.Failure.Cause);
        }
    }

    private async Task<List<SeenAddress>> HeldAsync(Nic nic, CancellationToken cancellation) =>
        [.. (await LookAsync(NetworkOf(nic), cancellation)).Where(lease => lease.Mac == nic.Mac && lease.Address.AddressFamily == AddressFamily.InterNetwork)];

    private async Task<bool> AskBackAsync(string network, List<SeenAddress> held, CancellationToken cancellation)
    {
        var mac = held[0].Mac;
        var bridge = VirshTables.Field(await virsh.RunAsync(cancellation, "net-info", "--network", network), "Bridge");
        var tool = HostTools.Find("dhcp_release");
        if (bridge is null)
            LogCannotRelease(mac, $"the network {network} has no bridge on this host");
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
    private async Task WaitUntilGoneAsync(Nic nic, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        while ((await HeldAsync(nic, cancellation)).Count > 0)
        {
            if (time.GetElapsedTime(started) > ReleaseDeadline)
            {
                LogCannotRelease(nic.Mac, "the DHCP server still lists it");
                return;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancellation);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The DHCP lease of {Mac} was not given back and will run out by itself: {Reason}")]
    private partial void LogCannotRelease(string mac, string reason);
}
