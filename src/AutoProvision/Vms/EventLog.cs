namespace AutoProvision.Vms;

/// <summary>
/// The events of all VMs in the order in which they happened, in memory. Readers take them page by page, so that a slow one
/// holds neither a lock nor a queue.
/// </summary>
/// <param name="events">Those there are, in their order.</param>
/// <param name="forgotten">Position of the newest one that was forgotten.</param>
public sealed class EventLog(IReadOnlyList<VmEvent> events, long forgotten)
{
    private const int PageSize = 256;
    private readonly Lock _gate = new();
    private readonly List<VmEvent> _events = [.. events];
    private long _last = events.Count == 0 ? forgotten : Math.Max(forgotten, events[^1].Position);
    private long _forgotten = forgotten;
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>Position of the newest event there ever was; 0 before the first.</summary>
    public long Last => Volatile.Read(ref _last);

    /// <summary>Position of the newest event that was forgotten together with its VM; 0 when none was.</summary>
    public long Forgotten => Volatile.Read(ref _forgotten);

    /// <summary>What comes after a position: a page of it, and what ends when there is more. Null when something of it was forgotten.</summary>
    /// <param name="after">The position.</param>
    /// <param name="known">Gaps up to this position are known to the reader.</param>
    internal (IReadOnlyList<VmEvent> Events, Task Changed)? Read(long after, long known)
    {
        lock (_gate)
        {
            if (_forgotten > Math.Max(after, known))
                return null;
            var start = IndexAfter(after);
            return (_events.GetRange(start, Math.Min(PageSize, _events.Count - start)), _changed.Task);
        }
    }

    /// <summary>Events after a position that a filter takes.</summary>
    internal IReadOnlyList<VmEvent> Pending(long after, EventFilter filter)
    {
        lock (_gate)
            return _events.Skip(IndexAfter(after)).Where(filter.Takes).ToList();
    }

    internal void Append(VmEvent what)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            _events.Add(what);
            Volatile.Write(ref _last, what.Position);
            (changed, _changed) = (_changed, NewSignal());
        }
        changed.SetResult();
    }

    internal void Forget(Guid vm)
    {
        lock (_gate)
        {
            Volatile.Write(ref _forgotten, Math.Max(_forgotten, _events.FindLast(what => what.Vm == vm)?.Position ?? 0));
            _events.RemoveAll(what => what.Vm == vm);
        }
    }

    // Positions grow, but where a VM was forgotten they have holes.
    private int IndexAfter(long position)
    {
        var (low, high) = (0, _events.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _events[middle].Position > position ? (low, middle) : (middle + 1, high);
        }
        return low;
    }

    // Continuations run elsewhere: a reader must never run under the store's lock.
    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
