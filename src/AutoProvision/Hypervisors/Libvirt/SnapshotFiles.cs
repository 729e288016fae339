using AutoProvision.Processes;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>Snapshots in the disks of a domain that is off, which libvirt need not know of.</summary>
/// <remarks>
/// Of a domain that is off libvirt makes them disk by disk with <c>qemu-img snapshot -c</c> and notes them last. Where it was killed
/// between, the next one of this name would lie beside the first, and the older be restored. QEMU itself, asked for a snapshot of
/// a running guest, replaces those of the same name.
/// </remarks>
public sealed class SnapshotFiles(IProcessRunner processes, PoolPaths paths, IOptions<LibvirtOptions> options)
{
    // As many as attempts were ever cut off; each is one that the next removes.
    private const int AtMost = 16;

    /// <exception cref="FailureException"><c>disk_failed</c>, <c>disk_full</c>, <c>tool_timeout</c> or <c>tool_missing</c>.</exception>
    public async Task ForgetAsync(Guid id, string name, CancellationToken cancellation)
    {
        foreach (var disk in paths.Disks(id))
        {
            var left = AtMost;
            while (left-- > 0 && await RemoveOneAsync(disk, name, cancellation))
            {
            }
        }
    }

    // Whether there was one.
    private async Task<bool> RemoveOneAsync(string disk, string name, CancellationToken cancellation)
    {
        var result = await processes.RunAsync(new ProcessCommand("qemu-img", "snapshot", "-q", "-d", name, disk) { Timeout = options.Value.SnapshotTimeout }, cancellation);
        if (!result.Succeeded && !result.Error.Contains("snapshot not found", StringComparison.Ordinal))
            throw DiskImage.Failed("qemu-img could not look for what an earlier attempt left of the snapshot.", result);
        return result.Succeeded;
    }
}
