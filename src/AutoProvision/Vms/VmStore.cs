using System.Runtime.CompilerServices;

namespace AutoProvision.Vms;

/// <summary>
/// All VMs, in memory, and the only place where they change. A change is journalled before any reader sees it;
/// watchers replay what they missed and then follow, so that a stream has no gap and no repeat.
/// </summary>
public sealed class VmStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, Entry> _entries = [];
    private readonly VmJournal _journal;
    private readonly TimeProvider _time;

    public VmStore(VmJournal journal, TimeProvider time)
    {
        (_journal, _time) = (journal, time);
        foreach (var (vm, events) in journal.Load())
            _entries[vm.Id] = new Entry(vm, events);
    }

    /// <summary>Every VM that is not deleted, oldest first.</summary>
    public IReadOnlyList<Vm> List()
    {
        lock (_gate)
            return [.. _entries.Values.Select(e => e.Vm).Where(vm => vm.State != VmState.Deleted).OrderBy(vm => vm.CreatedAt).ThenBy(vm => vm.Id)];
    }

    /// <summary>The VM with this id, deleted ones included until they are forgotten; null when unknown.</summary>
    public Vm? Find(Guid id)
    {
        lock (_gate)
            return _entries.GetValueOrDefault(id)?.Vm;
    }

    public Vm? FindByName(string name)
    {
        lock (_gate)
            return _entries.Values.Select(e => e.Vm).FirstOrDefault(vm => vm.Spec.Name == name && vm.State != VmState.Deleted);
    }

    /// <summary>How many VMs wait to be made or are being made.</summary>
    public int CountUnfinished()
    {
        lock (_gate)
            return _entries.Values.Count(entry => entry.Vm.State is VmState.Queued or VmState.Provisioning);
    }

    /// <summary>Takes up a new VM, unless <paramref name="mostUnfinished"/> others are not made yet.</summary>
    /// <exception cref="FailureException"><c>name_taken</c> when another VM has the name, or <c>queue_full</c>.</exception>
    public Vm Add(Vm vm, int mostUnfinished)
    {
        lock (_gate)
        {
            if (CountUnfinished() >= mostUnfinished)
                throw VmFailures.QueueFull(mostUnfinished);
            if (FindByName(vm.Spec.Name) is { } other)
                throw VmFailures.NameTaken(vm.Spec.Name, other);
            return Commit(new Entry(vm, []), vm, new VmEvent { Type = VmEventTypes.State });
        }
    }

    /// <summary>
    /// Replaces a VM by what <paramref name="change"/> makes of it and records <paramref name="what"/>;
    /// where the change gives back the very same object nothing happens and nothing is recorded.
    /// </summary>
    /// <returns>The VM as it is now.</returns>
    public Vm Update(Guid id, Func<Vm, Vm> change, VmEvent what)
    {
        lock (_gate)
        {
            var entry = _entries.GetValueOrDefault(id) ?? throw VmFailures.NotFound(id.ToString());
            var next = change(entry.Vm);
            return ReferenceEquals(next, entry.Vm) ? next : Commit(entry, next, what);
        }
    }

    /// <summary>Records something that changes no field of the VM, such as a download's progress.</summary>
    public void Report(Guid id, VmEvent what) => Update(id, vm => vm with { }, what);

    /// <summary>Events after <paramref name="after"/>, then every new one; ends after a deleted VM's last.</summary>
    public async IAsyncEnumerable<VmEvent> WatchAsync(Guid id, long after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            var (missed, changed, ended) = Look(id, after);
            foreach (var what in missed)
                yield return what;
            if (ended)
                yield break;
            after = missed.Count > 0 ? missed[^1].Seq : after;
            await changed.WaitAsync(cancellation);
        }
    }

    /// <summary>Forgets VMs that were deleted before <paramref name="limit"/>.</summary>
    public void Forget(DateTimeOffset limit)
    {
        lock (_gate)
        {
            foreach (var vm in _entries.Values.Select(e => e.Vm).Where(vm => vm.DeletedAt < limit).ToList())
            {
                _journal.Remove(vm.Id);
                _entries.Remove(vm.Id);
            }
        }
    }

    private (IReadOnlyList<VmEvent> Missed, Task Changed, bool Ended) Look(Guid id, long after)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(id, out var entry))
                return ([], Task.CompletedTask, true);
            var missed = entry.Events.Where(e => e.Seq > after).ToList();
            return (missed, entry.Changed.Task, entry.Vm.State == VmState.Deleted);
        }
    }

    private Vm Commit(Entry entry, Vm next, VmEvent what)
    {
        next = next with { Version = entry.Vm.Version + 1 };
        what = what with { Seq = next.Version, At = _time.GetUtcNow(), State = next.State };
        _journal.Append(next, what);
        entry.Vm = next;
        entry.Events.Add(what);
        _entries[next.Id] = entry;
        var changed = entry.Changed;
        entry.Changed = NewSignal();
        changed.SetResult();
        return next;
    }

    // Continuations run elsewhere: a watcher must never run under the store's lock.
    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Entry(Vm vm, List<VmEvent> events)
    {
        public Vm Vm { get; set; } = vm;
        public List<VmEvent> Events { get; } = events;
        public TaskCompletionSource Changed { get; set; } = NewSignal();
    }
}
