namespace AutoProvision.Vms;

/// <summary>
/// A VM's newest events, in memory. They have a lock of their own, so that whoever follows them never waits for the journal, and
/// are read page by page.
/// </summary>
/// <param name="events">Those there are, in their order; at least one.</param>
/// <param name="most">How many are kept.</param>
internal sealed class VmEvents(List<VmEvent> events, int most)
{
    private const int PageSize = 256;
    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>All that are kept.</summary>
    public IReadOnlyList<VmEvent> All
    {
        get
        {
            lock (_gate)
                return [.. events];
        }
    }

    public int Count
    {
        get
        {
            lock (_gate)
                return events.Count;
        }
    }

    public VmEvent Oldest
    {
        get
        {
            lock (_gate)
                return events[0];
        }
    }

    public VmEvent Newest
    {
        get
        {
            lock (_gate)
                return events[^1];
        }
    }

    /// <summary>The newest one, and what ends when there is another.</summary>
    public (VmEvent Newest, Task Changed) Look()
    {
        lock (_gate)
            return (events[^1], _changed.Task);
    }

    /// <summary>Those that are too many once there is one of this sequence number.</summary>
    public IReadOnlyList<VmEvent> OutgrownBy(long seq)
    {
        lock (_gate)
            return events.TakeWhile(what => what.Seq <= seq - most).ToList();
    }

    public void Append(VmEvent what, int outgrown)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            events.RemoveRange(0, outgrown);
            events.Add(what);
            (changed, _changed) = (_changed, NewSignal());
        }
        changed.SetResult();
    }

    /// <summary>What comes after a sequence number: a page of it, what ends when there is more, and whether there will never be. Null when something of it was trimmed.</summary>
    /// <param name="after">The sequence number; null begins with the oldest that is kept.</param>
    public (IReadOnlyList<VmEvent> Events, Task Changed, bool Ended)? Read(long? after)
    {
        lock (_gate)
        {
            if (after < events[0].Seq - 1)
                return null;
            // Most readers have all but the last few.
            var start = events.Count;
            while (start > 0 && (after is null || events[start - 1].Seq > after))
                start--;
            var page = events.GetRange(start, Math.Min(PageSize, events.Count - start));
            return (page, _changed.Task, start + page.Count == events.Count && events[^1].State == VmState.Deleted);
        }
    }

    // Continuations run elsewhere: a watcher must never run under a lock of the store.
    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
