using System.Collections.Concurrent;
using System.Threading.Channels;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning.Reconciliation;

/// <summary>Rung by whoever knows that a round of the reconciliation is worth its while before its time; many rings are one.</summary>
public sealed class RoundBell(VmStore store)
{
    private readonly Channel<bool> _rings = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    // VMs that are worth a look once the work on them is done.
    private readonly ConcurrentDictionary<Guid, bool> _busy = new();

    public void Ring() => _rings.Writer.TryWrite(true);

    /// <summary>Rings for a VM: at once, or when the work on it is done, since a round leaves it alone until then but for a full disk.</summary>
    public void RingFor(Guid id)
    {
        _busy[id] = true;
        if (store.Find(id) is not { IsWorkedOn: true })
            Free(id);
    }

    /// <summary>The work on a VM is done, and recorded as such.</summary>
    public void Free(Guid id)
    {
        if (_busy.TryRemove(id, out _))
            Ring();
    }

    /// <summary>Forgets VMs that there are no more.</summary>
    public void ForgetGone()
    {
        foreach (var id in _busy.Keys.Where(id => store.Find(id) is null or { State: VmState.Deleted }))
            _busy.TryRemove(id, out _);
    }

    /// <summary>Ends when it was rung since it was last silenced.</summary>
    public async Task RungAsync(CancellationToken cancellation) => await _rings.Reader.WaitToReadAsync(cancellation);

    public void Silence() => _rings.Reader.TryRead(out _);
}
