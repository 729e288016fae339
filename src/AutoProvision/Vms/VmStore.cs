using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using AutoProvision.Vms.Journal;
using Microsoft.Extensions.Options;

namespace AutoProvision.Vms;

/// <summary>
/// All VMs, in memory, and the only place where they change. A change is journalled before any reader sees it, under one lock;
/// readers take no lock. Watchers replay what they missed and then follow, so that a stream has no gap and no repeat.
/// </summary>
public sealed partial class VmStore
{
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<Guid, Entry> _entries = [];
    private readonly Dictionary<string, KeptKey> _keys;
    private readonly Dictionary<string, long> _subscribers;
    private readonly VmJournal _journal;
    private readonly TimeProvider _time;
    private readonly int _mostEvents;
    private volatile VmIndex _index;
    private volatile TaskCompletionSource _expiriesChanged = NewSignal();
    private long _lastPosition;

    public VmStore(VmJournal journal, IOptions<VmOptions> options, TimeProvider time)
    {
        (_journal, _mostEvents, _time) = (journal, options.Value.MaxEvents, time);
        TrimAll();
        _keys = journal.LoadKeys().ToDictionary(kept => kept.Key.Value);
        _subscribers = journal.LoadSubscribers();
        var keyed = _keys.Values.Select(kept => kept.Vm).ToHashSet();
        var rows = journal.Load();
        foreach (var (vm, events) in rows)
            _entries[vm.Id] = new Entry(vm.Id, ++_lastPosition, new VmEvents(events, _mostEvents)) { HasKey = keyed.Contains(vm.Id) };
        _index = VmIndex.Of([.. rows.Select(row => (_entries[row.Vm.Id].Position, row.Vm))]);
        Events = new EventLog([.. rows.SelectMany(row => row.Events).OrderBy(what => what.Position)], journal.LoadForgotten(), journal.LoadTrimmed());
        _keyEnds.EnqueueRange(_keys.Values.Select(kept => (kept, kept.At)));
        foreach (var (vm, _) in rows)
            QueueToForget(vm);
    }

    /// <summary>Ends when a VM has got another time to expire at, or one that has any is new.</summary>
    public Task ExpiriesChanged => _expiriesChanged.Task;

    /// <summary>The events of all VMs.</summary>
    public EventLog Events { get; }

    /// <summary>Every VM that is not deleted, oldest first.</summary>
    public IReadOnlyList<Vm> List() => _index.ListPresent();

    /// <summary>Every VM, deleted ones included until they are forgotten, oldest first.</summary>
    public IReadOnlyList<Vm> ListAll() => _index.ListAll();

    /// <summary>The VM with this id, deleted ones included until they are forgotten; null when unknown.</summary>
    public Vm? Find(Guid id) => _index.Find(id);

    /// <summary>The VM of this name that is not deleted; null when there is none.</summary>
    public Vm? FindByName(string name) => _index.FindByName(name);

    /// <summary>The VM that was asked for with this key within the key's lifetime; null when there is none.</summary>
    /// <exception cref="FailureException"><c>idempotency_key_reused</c>: something else was asked for with it.</exception>
    public Vm? FindByKey(IdempotencyKey? key)
    {
        using (Enter())
        {
            if (key is null || !_keys.TryGetValue(key.Value, out var kept) || IsOver(kept))
                return null;
            return kept.Key == key ? Find(kept.Vm) : throw VmFailures.KeyReused(key.Value, kept.Vm);
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
        if (FindByKey(key) is { } earlier)
            return earlier;
        if (FindByName(vm.Spec.Name) is { } other)
            throw VmFailures.NameTaken(vm.Spec.Name, other);
        admit(List());
        return null;
    }

    /// <summary>Takes up a new VM, after the same checks; the key is kept in the same breath, so that nothing is ever made twice with it.</summary>
    /// <returns>The VM, or the one that was taken up with the same key before.</returns>
    public (Vm Vm, bool IsNew) Add(Vm vm, IdempotencyKey? key, Action<IReadOnlyList<Vm>> admit)
    {
        using (Enter())
        {
            if (Check(vm, key, admit) is { } earlier)
                return (earlier, false);
            var kept = key is null ? null : new KeptKey(key, vm.Id, _time.GetUtcNow());
            var (first, what) = Next(vm, new VmEvent { Type = VmEventType.State });
            _journal.Add(first, what, kept);
            if (kept is not null)
            {
                _keys[kept.Key.Value] = kept;
                _keyEnds.Enqueue(kept, kept.At);
            }
            var entry = new Entry(vm.Id, ++_lastPosition, new VmEvents([what], _mostEvents)) { HasKey = kept is not null };
            _entries[vm.Id] = entry;
            Show(entry, first);
            Events.Append(what, []);
            return (first, true);
        }
    }

    /// <summary>
    /// Replaces a VM by what <paramref name="change"/> makes of it and records <paramref name="what"/>;
    /// where the change gives back the very same object nothing happens and nothing is recorded.
    /// </summary>
    /// <returns>The VM as it is now.</returns>
    public Vm Update(Guid id, Func<Vm, Vm> change, VmEvent what)
    {
        using (Enter())
        {
            var before = Find(id) ?? throw VmFailures.NotFound(id.ToString());
            var next = change(before);
            return ReferenceEquals(next, before) ? next : Commit(before, next, what);
        }
    }

    /// <summary>Records something that changes no field of the VM, such as a download's progress.</summary>
    public void Report(Guid id, VmEvent what) => Update(id, vm => vm with { }, what);

    /// <summary>
    /// Events after a sequence number, then every new one. Ends after a deleted VM's last, and where events were trimmed before they
    /// were read: better an end than a silent gap.
    /// </summary>
    /// <param name="id">The VM.</param>
    /// <param name="after">The sequence number; null begins with the oldest event that is kept.</param>
    /// <param name="cancellation">Ends it.</param>
    public async IAsyncEnumerable<VmEvent> WatchAsync(Guid id, long? after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (_entries.TryGetValue(id, out var entry) && entry.Events.Read(after) is var (missed, changed, ended))
        {
            foreach (var what in missed)
            {
                yield return what;
                after = what.Seq;
            }
            if (ended)
                yield break;
            if (missed.Count == 0)
                await changed.WaitAsync(cancellation);
        }
    }

    /// <summary>The oldest event of a VM that is kept; null for a VM that is unknown.</summary>
    public VmEvent? FindOldestEvent(Guid id) => _entries.GetValueOrDefault(id)?.Events.Oldest;

    /// <summary>Waits until a VM has changed since a version of it.</summary>
    /// <returns>Whether it has; false where it never will, since it is deleted or forgotten.</returns>
    public async Task<bool> ChangedAsync(Guid id, long version, CancellationToken cancellation)
    {
        while (_entries.TryGetValue(id, out var entry))
        {
            var (newest, changed) = entry.Events.Look();
            if (newest.Seq > version || newest.State == VmState.Deleted)
                return newest.Seq > version;
            await changed.WaitAsync(cancellation);
        }
        return false;
    }

    private bool IsOver(KeptKey kept) => _time.GetUtcNow() - kept.At > IdempotencyKey.Lifetime;

    private Vm Commit(Vm before, Vm vm, VmEvent what)
    {
        var entry = _entries[vm.Id];
        if (vm.State == VmState.Deleted && before.State != VmState.Deleted)
            vm = vm with { Spec = vm.Spec.Remains() };
        (vm, what) = Next(vm with { Version = before.Version }, what);
        var outgrown = entry.Events.OutgrownBy(what.Seq);
        _journal.Append(vm, what, isSpecChanged: !ReferenceEquals(vm.Spec, before.Spec), trimTo: outgrown.Count > 0 ? outgrown[^1].Seq : 0);
        Show(entry, vm, before);
        // After the VM itself: whoever is told of the event finds it done.
        Events.Append(what, outgrown);
        entry.Events.Append(what, outgrown.Count);
        return vm;
    }

    private (Vm Vm, VmEvent What) Next(Vm vm, VmEvent what)
    {
        vm = vm with { Version = vm.Version + 1 };
        return (vm, what with { Position = Events.Last + 1, Vm = vm.Id, Name = vm.Spec.Name, Seq = vm.Version, At = _time.GetUtcNow(), State = vm.State });
    }

    private void Show(Entry entry, Vm vm, Vm? before = null)
    {
        _index = _index.With(entry.Position, vm);
        if (before?.State != vm.State)
            QueueToForget(vm);
        if (vm.ExpiresAt == before?.ExpiresAt)
            return;
        var changed = _expiriesChanged;
        _expiriesChanged = NewSignal();
        changed.SetResult();
    }

    // Continuations run elsewhere: a watcher must never run under the store's lock.
    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What belongs to a VM as long as it is known.</summary>
    private sealed class Entry(Guid id, long position, VmEvents events)
    {
        public Guid Id { get; } = id;
        public long Position { get; } = position;
        public VmEvents Events { get; } = events;

        /// <summary>Whether an idempotency key stands for it, or did until a moment ago.</summary>
        public bool HasKey { get; set; }
    }
}
