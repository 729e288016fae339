using AutoProvision.Vms.Journal;
using Microsoft.Extensions.Options;

namespace AutoProvision.Vms;

/// <summary>A store on a journal of its own, without a service around it.</summary>
internal sealed class TestStore : IDisposable
{
    private readonly TestJournal _file = new();
    private VmJournal? _journal;

    public VmJournal Journal => _journal!;

    public TestJournal File => _file;

    /// <summary>What the journal takes on its disk, its reserve aside.</summary>
    public long Size => ((string[])["", "-wal"]).Sum(suffix => new FileInfo(_file.Path + suffix) is { Exists: true, Length: var length } ? length : 0);

    /// <summary>Opens it, for the first time or as a service that starts again does.</summary>
    public VmStore Open(int mostEvents = 1000, TimeProvider? time = null)
    {
        Close();
        _journal = new VmJournal(_file.Path);
        return new VmStore(_journal, Options.Create(new VmOptions { MaxEvents = mostEvents }), time ?? TimeProvider.System);
    }

    public void Close() => _journal?.Dispose();

    public static Vm Add(VmStore store, string name, string? key = null) => Add(store, TestJournal.NewVm(name) with { State = VmState.Ready }, key);

    public static Vm Add(VmStore store, Vm vm, string? key = null) => store.Add(vm, key is null ? null : new IdempotencyKey(key, "print"), _ => { }).Vm;

    public static void Delete(VmStore store, Guid id, DateTimeOffset? at = null) =>
        store.Update(id, vm => vm with { State = VmState.Deleted, DeletedAt = at ?? DateTimeOffset.UtcNow }, new VmEvent { Type = VmEventType.State });

    public static void Report(VmStore store, Guid id, int count)
    {
        for (var index = 0; index < count; index++)
            store.Report(id, new VmEvent { Type = VmEventType.Progress, Percent = index });
    }

    /// <summary>
    /// Fills the journal, which is closed, with copies of its only VM and of that VM's only event; all of them ready, or deleted.
    /// </summary>
    public void Multiply(int count, int eventsEach, bool areDeleted)
    {
        const string Id = "printf('%08x-0000-7000-8000-000000000000', i)";
        var state = areDeleted ? "'$.state', 'deleted', '$.deletedAt', '2026-01-02T03:04:05+00:00'" : "'$.state', 'ready'";
        _file.Execute($"""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
            INSERT INTO vms (id, body) SELECT {Id}, json_set(v.body, '$.id', {Id}, '$.version', {eventsEach}, {state}) FROM n, (SELECT body FROM vms LIMIT 1) v;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
            INSERT INTO specs (vm, body) SELECT {Id}, json_set(s.body, '$.name', 'vm-' || i) FROM n, (SELECT body FROM specs LIMIT 1) s;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}), e(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM e WHERE k < {eventsEach})
            INSERT INTO events (position, vm, seq, body) SELECT 1 + (i - 1) * {eventsEach} + k, {Id}, k, json_set(f.body, '$.seq', k, {state}) FROM n, e, (SELECT body FROM events LIMIT 1) f;
            """);
    }

    public void Dispose()
    {
        Close();
        _file.Dispose();
    }
}
