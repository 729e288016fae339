namespace AutoProvision.Vms;

/// <summary>
/// The events of all VMs in the order in which they happened, in memory. Readers take them page by page, so that a slow one
/// holds neither a lock nor a queue.
/// </summary>
/// <param name="events">Those there are, in their order.</param>
/// <param name="forgotten">Position of the newest one that is no longer kept.</param>
/// <param name="trimmed">The same of each VM that there is, by its id; null where no VM has lost any.</param>
public sealed class EventLog(IReadOnlyList<VmEvent> events, long forgotten, IReadOnlyDictionary<Guid, long>? trimmed = null)
{
    private const int PageSize = 256;

    // Fewer empty places than this are not worth the move of all others.
    private const int FewEmpty = 1024;
    private readonly Lock _gate = new();

    // What goes leaves its place empty, and the places are closed up when most are: nobody waits for all events to be moved because of one VM.
    private readonly List<(long Position, VmEvent? Event)> _places = [.. events.Select(what => (what.Position, what))];
    private readonly Dictionary<Guid, long> _trimmed = trimmed?.ToDictionary() ?? [];
    private int _empty;
    private long _last = events.Count == 0 ? forgotten : Math.Max(forgotten, events[^1].Position);
    private long _forgotten = forgotten;
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>Position of the newest event there ever was; 0 before the first.</summary>
    public long Last => Volatile.Read(ref _last);

    /// <summary>Position of the newest event that is no longer kept: its VM was forgotten, or had too many; 0 when there is none.</summary>
    public long Forgotten => Volatile.Read(ref _forgotten);

    /// <summary>The same among the events that a filter may take. A VM that is named there was not forgotten, but may have had too many events.</summary>
    public long ForgottenOf(EventFilter filter)
    {
        lock (_gate)
            return filter.Vms.Count == 0 ? _forgotten : filter.Vms.Max(vm => _trimmed.GetValueOrDefault(vm));
    }

    /// <summary>What comes after a position: a page of it, and what ends when there is more. Null when something of it is no longer kept.</summary>
    /// <param name="after">The position.</param>
    /// <param name="filter">What the reader wants; the page has the others as well.</param>
    /// <param name="known">Gaps up to this position are known to the reader.</param>
    internal (IReadOnlyList<VmEvent> Events, Task Changed)? Read(long after, EventFilter filter, long known)
    {
        lock (_gate)
        {
            if (ForgottenOf(filter) > Math.Max(after, known))
                return null;
            var page = new List<VmEvent>();
            for (var index = IndexAfter(after); index < _places.Count && page.Count < PageSize; index++)
                if (_places[index].Event is { } what)
                    page.Add(what);
            return (page, _changed.Task);
        }
    }

    /// <summary>How many events after a position a filter takes.</summary>
    internal int CountAfter(long position, EventFilter filter)
    {
        var count = 0;
        // Page by page: there may be very many, and nobody is to wait for it.
        while (Read(position, filter, long.MaxValue) is ({ Count: > 0 } page, _))
        {
            count += page.Count(filter.Takes);
            position = page[^1].Position;
        }
        return count;
    }

    /// <param name="what">The new event.</param>
    /// <param name="outgrown">Older ones of the same VM that are no longer kept.</param>
    internal void Append(VmEvent what, IReadOnlyList<VmEvent> outgrown)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            Empty(outgrown);
            if (outgrown.Count > 0)
                _trimmed[what.Vm] = outgrown[^1].Position;
            _places.Add((what.Position, what));
            Volatile.Write(ref _last, what.Position);
            (changed, _changed) = (_changed, NewSignal());
        }
        changed.SetResult();
    }

    /// <summary>Forgets all events of a VM.</summary>
    internal void Forget(Guid vm, IReadOnlyList<VmEvent> its)
    {
        lock (_gate)
        {
            Empty(its);
            _trimmed.Remove(vm);
        }
    }

    private void Empty(IReadOnlyList<VmEvent> gone)
    {
        if (gone.Count == 0)
            return;
        foreach (var what in gone)
        {
            var index = IndexAfter(what.Position) - 1;
            _places[index] = (what.Position, null);
        }
        Volatile.Write(ref _forgotten, Math.Max(_forgotten, gone[^1].Position));
        _empty += gone.Count;
        if (_empty <= Math.Max(FewEmpty, _places.Count / 2))
            return;
        _places.RemoveAll(place => place.Event is null);
        _empty = 0;
    }

    // Positions grow, but where events went they have holes.
    private int IndexAfter(long position)
    {
        var (low, high) = (0, _places.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _places[middle].Position > position ? (low, middle) : (middle + 1, high);
        }
        return low;
    }

    // Continuations run elsewhere: a reader must never run under the store's lock.
    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
