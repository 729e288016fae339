using AutoProvision.Processes;
using AutoProvision.Vms;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>Knows by a tool's words that the daemon was not there, or went while it was asked.</summary>
public static class ConnectionTroubles
{
    // libvirt's rpc/virnetsocket.c and rpc/virnetclient.c say these to every client, virt-install included; virsh adds words of its
    // own. None is "Connection reset by peer" or "Broken pipe" alone: libvirt says so of a QEMU that died, too.
    private static readonly string[] Words =
    [
        // Not there.
        "failed to connect to the hypervisor",
        "Failed to reconnect to the hypervisor",
        "Failed to connect socket to",
        "unable to connect to server at",
        "no valid connection",
        // Went in mid-call.
        "Cannot recv data",
        "Cannot write data",
        "End of file while reading data",
        "End of file while writing data",
        "client socket is closed",
        "received hangup event on socket",
        "received hangup / error event on socket",
        "connection closed due to keepalive timeout",
        "Disconnected from ",
    ];

    /// <exception cref="FailureException"><c>hypervisor_unavailable</c></exception>
    public static void ThrowIfDisconnected(ProcessResult result, string uri)
    {
        if (!result.Succeeded && Words.Any(words => result.Error.Contains(words, StringComparison.Ordinal)))
            throw new FailureException(HypervisorFailures.Unavailable, $"libvirt does not answer at {uri}.",
                "Start it (systemctl start libvirtd, or deploy/host-setup), and see that the service may use its socket.", result.Evidence);
    }
}
