using System.Runtime.CompilerServices;
using AutoProvision.Vms.Journal;

namespace AutoProvision.Vms;

/// <summary>
/// All VMs, in memory, and the only place where they change. A change is journalled before any reader sees it;
/// watchers replay what they missed and then follow, so that a stream has no gap and no repeat.
/// </summary>
public sealed partial class VmStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, Entry> _entries = [];
    private readonly Dictionary<string, KeptKey> _keys;
    private readonly Dictionary<string, long> _subscribers;
    private readonly VmJournal _journal;
    private readonly TimeProvider _time;
    private TaskCompletionSource _expiriesChanged = NewSignal();
    private long _lastPosition;

    public VmStore(VmJournal journal, TimeProvider time)
    {
        (_journal, _time) = (journal, time);
        foreach (var (vm, events) in journal.Load())
            _entries[vm.Id] = new Entry(vm, events, ++_lastPosition);
        _keys = journal.LoadKeys().ToDictionary(kept => kept.Key.Value);
        _subscribers = journal.LoadSubscribers();
        Events = new EventLog([.. _entries.Values.SelectMany(entry => entry.Events).OrderBy(what => what.Position)], journal.LoadForgotten());
    }

    /// <summary>Ends when a VM has got another time to expire at, or one that has any is new.</summary>
    public Task ExpiriesChanged
    {
        get
        {
            lock (_gate)
                return _expiriesChanged.Task;
        }
    }

    /// <summary>The events of all VMs.</summary>
    public EventLog Events { get; }

    /// <summary>Every VM that is not deleted, oldest first.</summary>
    public IReadOnlyList<Vm> List()
    {
        lock (_gate)
            return Present();
    }

    /// <summary>Every VM, deleted ones included until they are forgotten, oldest first.</summary>
    public IReadOnlyList<Vm> ListAll()
    {
        lock (_gate)
            return [.. _entries.Values.OrderBy(e => e.Position).Select(e => e.Vm)];
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

    /// <summary>The VM that was asked for with this key within the key's lifetime; null when there is none.</summary>
    /// <exception cref="FailureException"><c>idempotency_key_reused</c>: something else was asked for with it.</exception>
    public Vm? FindByKey(IdempotencyKey? key)
    {
        lock (_gate)
        {
            if (key is null || !_keys.TryGetValue(key.Value, out var kept) || IsOver(kept))
                return null;
            return kept.Key == key ? _entries[kept.Vm].Vm : throw VmFailures.KeyReused(key.Value, kept.Vm);
        }
    }

    /// <summary>Whether a VM could be taken up now.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="key">What it is asked for with.</param>
    /// <param name="admit">Told every VM there is; throws to refuse one more.</param>
    /// <returns>The VM that was taken up with the same key before; null when this one would be new.</returns>
    /// <exception cref="FailureException"><c>idempotency_key_reused</c>, <c>name_taken</c>, or what <paramref name="admit"/> throws.</exception>
    public Vm? Check(Vm vm, IdempotencyKey? key, Action<IReadOnlyList<Vm>> admit)
    {
        lock (_gate)
        {
            if (FindByKey(key) is { } earlier)
                return earlier;
            if (FindByName(vm.Spec.Name) is { } other)
                throw VmFailures.NameTaken(vm.Spec.Name, other);
            admit(Present());
            return null;
        }
    }

    /// <summary>Takes up a new VM, after the same checks; the key is kept in the same breath, so that nothing is ever made twice with it.</summary>
    /// <returns>The VM, or the one that was taken up with the same key before.</returns>
    public (Vm Vm, bool IsNew) Add(Vm vm, IdempotencyKey? key, Action<IReadOnlyList<Vm>> admit)
    {
        lock (_gate)
        {
            if (Check(vm, key, admit) is { } earlier)
                return (earlier, false);
            var kept = key is null ? null : new KeptKey(key, vm.Id, _time.GetUtcNow());
            var (first, what) = Next(vm, new VmEvent { Type = VmEventType.State });
            _journal.Add(first, what, kept);
            if (kept is not null)
                _keys[kept.Key.Value] = kept;
            return (Show(_entries[vm.Id] = new Entry(first, [], ++_lastPosition), first, what), true);
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

    /// <summary>
    /// Forgets keys whose time is over, and VMs that were deleted before <paramref name="limit"/>, that no key stands for and whose
    /// last event no subscriber waits for.
    /// </summary>
    public void Forget(DateTimeOffset limit)
    {
        lock (_gate)
        {
            foreach (var kept in _keys.Values.Where(IsOver).ToList())
            {
                _journal.RemoveKey(kept.Key.Value);
                _keys.Remove(kept.Key.Value);
            }
            var held = _keys.Values.Select(kept => kept.Vm).ToHashSet();
            var had = _subscribers.Count == 0 ? long.MaxValue : _subscribers.Values.Min();
            foreach (var (id, _) in _entries.Where(e => e.Value.Vm.DeletedAt < limit && !held.Contains(e.Key) && e.Value.Events[^1].Position <= had).ToList())
            {
                _journal.Remove(id);
                _entries.Remove(id);
                Events.Forget(id);
            }
        }
    }

    // In the order in which they were asked for; a clock that was set back does not change it.
    private List<Vm> Present() => [.. _entries.Values.Where(e => e.Vm.State != VmState.Deleted).OrderBy(e => e.Position).Select(e => e.Vm)];

    private bool IsOver(KeptKey kept) => _time.GetUtcNow() - kept.At > IdempotencyKey.Lifetime;

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

    private Vm Commit(Entry entry, Vm vm, VmEvent what)
    {
        (vm, what) = Next(vm with { Version = entry.Vm.Version }, what);
        _journal.Append(vm, what, isSpecChanged: !ReferenceEquals(vm.Spec, entry.Vm.Spec));
        return Show(entry, vm, what);
    }

    private (Vm Vm, VmEvent What) Next(Vm vm, VmEvent what)
    {
        vm = vm with { Version = vm.Version + 1 };
        return (vm, what with { Position = Events.Last + 1, Vm = vm.Id, Name = vm.Spec.Name, Seq = vm.Version, At = _time.GetUtcNow(), State = vm.State });
    }

    private Vm Show(Entry entry, Vm vm, VmEvent what)
    {
        if (what.Seq == 1 ? vm.ExpiresAt is not null : vm.ExpiresAt != entry.Vm.ExpiresAt)
        {
            _expiriesChanged.SetResult();
            _expiriesChanged = NewSignal();
        }
        entry.Vm = vm;
        entry.Events.Add(what);
        Events.Append(what);
        var changed = entry.Changed;
        entry.Changed = NewSignal();
        changed.SetResult();
        return vm;
    }

    // Continuations run elsewhere: a watcher must never run under the store's lock.
    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Entry(Vm vm, List<VmEvent> events, long position)
    {
        public long Position { get; } = position;
        public Vm Vm { get; set; } = vm;
        public List<VmEvent> Events { get; } = events;
        public TaskCompletionSource Changed { get; set; } = NewSignal();
    }
}
