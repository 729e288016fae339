using AutoProvision.Vms;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>Takes a domain away with all that only it used.</summary>
public sealed class DomainRemover(Virsh virsh, DomainList domains, LeaseBook leases, PoolPaths paths)
{
    /// <exception cref="FailureException"><c>domain_not_removed</c> and those of <see cref="DomainList"/>.</exception>
    public async Task RemoveAsync(Guid id, string mac, CancellationToken cancellation)
    {
        await StopAsync(id, cancellation);
        // libvirt goes on with a request whose virt-install was killed. Without its disk the domain cannot start any more; one that
        // had it open before is in the list below.
        PoolPaths.Remove(paths.Disk(id));
        await CheckGoneAsync(id, cancellation);
        await leases.ReleaseAsync(mac, cancellation);
        PoolPaths.Remove(paths.Console(id));
    }

    /// <summary>Takes only the domain away.</summary>
    public async Task EndAsync(Guid id, CancellationToken cancellation)
    {
        await StopAsync(id, cancellation);
        await CheckGoneAsync(id, cancellation);
    }

    private async Task StopAsync(Guid id, CancellationToken cancellation)
    {
        await virsh.TryAsync(cancellation, "destroy", id.ToString());
        await virsh.TryAsync(cancellation, "undefine", id.ToString(), "--managed-save", "--snapshots-metadata", "--checkpoints-metadata", "--nvram");
    }

    private async Task CheckGoneAsync(Guid id, CancellationToken cancellation)
    {
        if (await domains.HasAsync(id, cancellation))
            throw new FailureException("domain_not_removed", $"The domain {id} is still there after destroy and undefine.", "Look at libvirt's log; DELETE tries again.");
    }
}
