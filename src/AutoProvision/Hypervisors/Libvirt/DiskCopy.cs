using AutoProvision.Vms;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>Copies the disks of one VM for another.</summary>
public sealed class DiskCopy(DiskImage disks, DomainList domains, StrayTools strays, PoolPaths paths)
{
    /// <summary>Leaves all of the copies or none.</summary>
    /// <exception cref="FailureException"><c>hypervisor_refused</c> where the source runs; those of <see cref="DiskImage"/> and <see cref="DomainList"/>.</exception>
    public async Task CopyAsync(Guid id, Guid source, int dataDisks, int sizeGiB, CancellationToken cancellation)
    {
        // One that is gone writes nothing either.
        if (await domains.LookAsync(source, cancellation) is DomainPower.Running)
            throw new FailureException("hypervisor_refused", "The disks of a guest that runs cannot be copied: what it writes meanwhile would be half in the copy.", "Stop the VM first: POST /vms/{id}/stop does so also where it counts as stopped and its domain runs.");
        ThrowIfLocked(paths.Disk(source));
        // Of a service that was killed while it copied.
        await strays.EndAsync(id, cancellation);
        try
        {
            await disks.CopyAsync(paths.Disk(id), paths.Disk(source), cancellation);
            await disks.GrowAsync(paths.Disk(id), sizeGiB, cancellation);
            for (var index = 0; index < dataDisks; index++)
                await disks.CopyAsync(paths.DataDisk(id, index), paths.DataDisk(source, index), cancellation);
        }
        catch
        {
            foreach (var copy in paths.Disks(id).ToList())
                PoolPaths.Remove(copy);
            throw;
        }
    }

    // libvirt gives the disks of a domain that is not off to QEMU's user, and back when it is.
    private static void ThrowIfLocked(string disk)
    {
        try
        {
            _ = FileBytes.Read(disk, offset: 0, count: 1);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new FailureException("disk_failed", $"The disk of the VM to be copied cannot be read: {e.Message}",
                "While a VM is not off its disks belong to QEMU's user: switch it off first, or run the service as root.", inner: e);
        }
    }
}
