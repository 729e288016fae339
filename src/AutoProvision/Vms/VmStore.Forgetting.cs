namespace AutoProvision.Vms;

// What is no longer needed goes in small steps: each is one transaction of the journal, and the lock is free between two of them.
public sealed partial class VmStore
{
    /// <summary>Most VMs, or keys, that are forgotten in one step.</summary>
    internal const int MostAtOnce = 16;

    // A VM may have so many events that fewer VMs are enough.
    private const int ManyEvents = 500;

    // How long others may keep the next step waiting.
    private static readonly TimeSpan Courtesy = TimeSpan.FromMilliseconds(50);

    // Both by the time from which their age counts, whatever order the clock brought them in.
    private readonly PriorityQueue<KeptKey, DateTimeOffset> _keyEnds = new();
    private readonly PriorityQueue<Entry, DateTimeOffset> _deleted = new();
    private int _waiting;

    /// <summary>
    /// Forgets keys whose time is over, and VMs that were deleted before <paramref name="limit"/>, that no key stands for and whose
    /// last event no subscriber waits for; step by step, until there are no more.
    /// </summary>
    /// <exception cref="FailureException"><c>journal_full</c>.</exception>
    public void Forget(DateTimeOffset limit, CancellationToken cancellation)
    {
        while (ForgetSome(limit) > 0)
            LetOthersIn(cancellation);
    }

    /// <summary>One step of it.</summary>
    /// <returns>How many keys or VMs were forgotten: 0 when there are no more.</returns>
    /// <exception cref="FailureException"><c>journal_full</c>: nothing was forgotten.</exception>
    public int ForgetSome(DateTimeOffset limit)
    {
        using (Enter())
            return ForgetKeys() is > 0 and var keys ? keys : ForgetVms(limit);
    }

    /// <summary>Gives the room that the journal no longer needs back to its disk, step by step.</summary>
    /// <exception cref="FailureException"><c>journal_full</c>.</exception>
    public void GiveRoomBack(CancellationToken cancellation)
    {
        while (GiveSomeRoomBack())
            LetOthersIn(cancellation);
    }

    private bool GiveSomeRoomBack()
    {
        using (Enter())
            return _journal.GiveRoomBack();
    }

    private int ForgetKeys()
    {
        var over = Take(_keyEnds, (kept, _) => IsOver(kept), most: MostAtOnce);
        // The same key may stand for another VM by now.
        var standing = over.Where(kept => _keys.GetValueOrDefault(kept.Key.Value) == kept).Select(kept => kept.Key.Value).ToList();
        OrPutBack(() => _journal.RemoveKeys(standing), _keyEnds, over, kept => kept.At);
        foreach (var key in standing)
            _keys.Remove(key);
        foreach (var id in over.Select(kept => kept.Vm))
            if (_entries.TryGetValue(id, out var entry))
            {
                entry.HasKey = false;
                QueueToForget(Find(id)!);
            }
        return over.Count;
    }

    private int ForgetVms(DateTimeOffset limit)
    {
        var had = _subscribers.Count == 0 ? long.MaxValue : _subscribers.Values.Min();
        var events = 0;
        var over = Take(_deleted, (entry, at) =>
        {
            var isNext = at < limit && entry.Events.Newest.Position <= had && events < ManyEvents;
            events += entry.Events.Count;
            return isNext;
        }, MostAtOnce);
        List<Guid> ids = [.. over.Select(entry => entry.Id)];
        OrPutBack(() => _journal.Remove(ids), _deleted, over, entry => DeletedAt(Find(entry.Id)!));
        _index = _index.Without(ids);
        foreach (var entry in over)
        {
            _entries.TryRemove(entry.Id, out _);
            Events.Forget(entry.Id, entry.Events.All);
        }
        return over.Count;
    }

    // One that a key stands for comes into the queue when that is over.
    private void QueueToForget(Vm vm)
    {
        if (vm.State == VmState.Deleted && _entries[vm.Id] is { HasKey: false } entry)
            _deleted.Enqueue(entry, DeletedAt(vm));
    }

    private static DateTimeOffset DeletedAt(Vm vm) => vm.DeletedAt ?? vm.CreatedAt;

    private static List<T> Take<T>(PriorityQueue<T, DateTimeOffset> queue, Func<T, DateTimeOffset, bool> isNext, int most)
    {
        var taken = new List<T>();
        while (taken.Count < most && queue.TryPeek(out var next, out var at) && isNext(next, at))
            taken.Add(queue.Dequeue());
        return taken;
    }

    private static void OrPutBack<T>(Action write, PriorityQueue<T, DateTimeOffset> queue, List<T> taken, Func<T, DateTimeOffset> at)
    {
        if (taken.Count == 0)
            return;
        try
        {
            write();
        }
        catch
        {
            queue.EnqueueRange(taken.Select(it => (it, at(it))));
            throw;
        }
    }

    // On a full disk they are trimmed as they grow.
    private void TrimAll()
    {
        try
        {
            _journal.TrimAll(_mostEvents);
        }
        catch (FailureException e) when (e.Code == VmFailures.JournalFull)
        {
            // The service has to start all the same: deleting VMs makes room.
        }
    }

    private Lock.Scope Enter()
    {
        Interlocked.Increment(ref _waiting);
        try
        {
            return _gate.EnterScope();
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    // The lock itself prefers whoever has just held it, for as long as 100 ms.
    private void LetOthersIn(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        SpinWait.SpinUntil(() => Volatile.Read(ref _waiting) == 0, Courtesy);
    }
}
