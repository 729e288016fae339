using System.Collections.Concurrent;
using AutoProvision.Vms;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>Takes a domain away with all that only it used.</summary>
public sealed class DomainRemover(Virsh virsh, DomainList domains, LeaseBook leases, PoolPaths paths)
{
    private readonly ConcurrentDictionary<Guid, bool> _late = new();

    /// <exception cref="FailureException"><c>domain_not_removed</c> and those of <see cref="DomainList"/>.</exception>
    public async Task RemoveAsync(Guid id, IReadOnlyList<Nic> nics, CancellationToken cancellation)
    {
        await EndAsync(id, cancellation);
        foreach (var nic in nics)
            await leases.ReleaseAsync(nic, cancellation);
        foreach (var part in paths.ConsoleParts(id))
            PoolPaths.Remove(part);
    }

    /// <summary>Takes only the domain away.</summary>
    public async Task EndAsync(Guid id, CancellationToken cancellation)
    {
        await virsh.TryAsync(cancellation, "destroy", id.ToString());
        await virsh.TryAsync(cancellation, "undefine", id.ToString(), "--managed-save", "--snapshots-metadata", "--checkpoints-metadata", "--nvram");
        if (await domains.HasAsync(id, cancellation))
            throw new FailureException("domain_not_removed", $"The domain {id} is still there after destroy and undefine.", "Look at libvirt's log; DELETE tries again.");
    }

    /// <summary>Notes that virt-install was killed: libvirt goes on with what it was asked for, and may start the domain when nobody looks for it any more.</summary>
    public void ExpectLate(Guid id) => _late[id] = true;

    /// <summary>Takes away a domain that came late. Called when its disk is gone: one that is not there by now cannot start any more.</summary>
    public async Task EndLateAsync(Guid id, CancellationToken cancellation)
    {
        if (!_late.ContainsKey(id))
            return;
        if (await domains.HasAsync(id, cancellation))
            await EndAsync(id, cancellation);
        _late.TryRemove(id, out _);
    }
}
