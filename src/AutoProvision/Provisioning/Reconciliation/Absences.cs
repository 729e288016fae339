using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning.Reconciliation;

/// <summary>
/// The domains that the last round missed. To take one for gone cannot be taken back, and one that is being defined anew
/// (<c>virsh undefine</c>, then <c>virsh define</c>) is away for a moment: much less than a second where a tool does it. So it takes
/// two looks with nothing seen between them, and what counts is the time from the first to the last, not how many there were: the
/// removal itself asks for the first, and anything that happens to another domain may ask for more of them, a second apart.
/// </summary>
public sealed class Absences(IOptions<ProvisioningOptions> options, TimeProvider time)
{
    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(10);
    private readonly Dictionary<Guid, long> _missed = [];

    // Rounds that come faster than that by their setting may go by it.
    private TimeSpan Enough => options.Value.ReconcileInterval < LongEnough ? options.Value.ReconcileInterval : LongEnough;

    /// <summary>How soon the next look at what is missed is worth its while; null when nothing is.</summary>
    public TimeSpan? Left => _missed.Count == 0 ? null : _missed.Values.Select(Remaining).Min();

    /// <summary>A domain is not there.</summary>
    /// <returns>Whether it has been missed for so long that it is gone.</returns>
    public bool Miss(Guid id) => !_missed.TryAdd(id, time.GetTimestamp()) && Remaining(_missed[id]) == TimeSpan.Zero;

    /// <summary>It is there again, or nobody cares any more.</summary>
    public void Forget(Guid id) => _missed.Remove(id);

    public void ForgetAllBut(IReadOnlySet<Guid> ids)
    {
        foreach (var id in _missed.Keys.Where(id => !ids.Contains(id)).ToList())
            _missed.Remove(id);
    }

    private TimeSpan Remaining(long since) => time.GetElapsedTime(since) is var past && past < Enough ? Enough - past : TimeSpan.Zero;
}
