using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Data.Sqlite;

namespace AutoProvision.Vms.Journal;

/// <summary>
/// The VMs, their events and the idempotency keys on disk: one SQLite file in WAL mode. A change is a transaction, so that a
/// process killed at any moment leaves either all of it or nothing.
/// </summary>
public sealed class VmJournal : IDisposable
{
    private const string UpdateVm = "UPDATE vms SET body = $body WHERE id = $id";
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly JsonSerializerOptions WithoutSpec = new(Json) { TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { LeaveSpecOut } } };
    private readonly SqliteConnection _connection;
    private readonly JournalReserve _reserve;

    /// <param name="path">The file; made when absent, its directory must exist.</param>
    /// <exception cref="FailureException"><c>journal_damaged</c>, <c>journal_newer</c>, <c>journal_in_use</c> or <c>journal_full</c>.</exception>
    public VmJournal(string path)
    {
        _connection = JournalFile.Open(path);
        _reserve = new JournalReserve(path + ".reserve");
    }

    /// <summary>Every VM with its events in order, oldest VM first.</summary>
    /// <exception cref="FailureException"><c>journal_damaged</c>.</exception>
    public List<(Vm Vm, List<VmEvent> Events)> Load() => Read(() =>
    {
        var events = _connection.List("SELECT vm, body FROM events ORDER BY vm, seq", row => (Vm: row.GetString(0), Event: Parse<VmEvent>(row.GetString(1))))
            .ToLookup(row => row.Vm, row => row.Event);
        return _connection.List("SELECT id, body, spec FROM vms ORDER BY position", row =>
        {
            var vm = JsonSerializer.Deserialize<Vm>(row.GetString(1), WithoutSpec)! with { Spec = Parse<VmSpec>(row.GetString(2)) };
            return (vm, events[row.GetString(0)].ToList());
        });
    });

    /// <exception cref="FailureException"><c>journal_damaged</c>.</exception>
    public List<KeptKey> LoadKeys() => Read(() => _connection.List("SELECT key, fingerprint, vm, at FROM idempotency_keys", row => new KeptKey(
        new IdempotencyKey(row.GetString(0), row.GetString(1)), Guid.Parse(row.GetString(2)), DateTimeOffset.Parse(row.GetString(3), CultureInfo.InvariantCulture))));

    /// <summary>Writes a new VM, its first event and the key that it was asked for with.</summary>
    /// <exception cref="FailureException"><c>journal_full</c>.</exception>
    public void Add(Vm vm, VmEvent what, KeptKey? key)
    {
        try
        {
            // Before there is a VM, so that there is room to delete it.
            _reserve.Ensure();
            Commit(() =>
            {
                _connection.Run("INSERT INTO vms (id, spec, body) VALUES ($id, $spec, $body)",
                    ("$id", vm.Id.ToString()), ("$spec", JsonSerializer.Serialize(vm.Spec, Json)), ("$body", JsonSerializer.Serialize(vm, WithoutSpec)));
                Insert(vm.Id, what);
                if (key is not null)
                    _connection.Run("INSERT OR REPLACE INTO idempotency_keys (key, fingerprint, vm, at) VALUES ($key, $fingerprint, $vm, $at)",
                        ("$key", key.Key.Value), ("$fingerprint", key.Key.Fingerprint), ("$vm", vm.Id.ToString()), ("$at", key.At.ToString("O")));
            });
        }
        catch (Exception e) when (JournalFile.IsFull(e))
        {
            throw JournalFile.Full(_connection.DataSource, e);
        }
    }

    /// <summary>Writes a VM as it now is together with the event that says so.</summary>
    /// <exception cref="FailureException"><c>journal_full</c>.</exception>
    public void Append(Vm vm, VmEvent what, bool isSpecChanged = false) => CommitFromReserve(() =>
    {
        if (isSpecChanged)
            _connection.Run("UPDATE vms SET spec = $spec WHERE id = $id", ("$id", vm.Id.ToString()), ("$spec", JsonSerializer.Serialize(vm.Spec, Json)));
        _connection.Run(UpdateVm, ("$id", vm.Id.ToString()), ("$body", JsonSerializer.Serialize(vm, WithoutSpec)));
        Insert(vm.Id, what);
    });

    public void Remove(Guid id) => CommitFromReserve(() =>
    {
        _connection.Run("DELETE FROM events WHERE vm = $id", ("$id", id.ToString()));
        _connection.Run("DELETE FROM idempotency_keys WHERE vm = $id", ("$id", id.ToString()));
        _connection.Run("DELETE FROM vms WHERE id = $id", ("$id", id.ToString()));
    });

    public void RemoveKey(string key) => CommitFromReserve(() => _connection.Run("DELETE FROM idempotency_keys WHERE key = $key", ("$key", key)));

    public void Dispose() => _connection.Dispose();

    private void Insert(Guid vm, VmEvent what) => _connection.Run("INSERT INTO events (vm, seq, body) VALUES ($vm, $seq, $body)",
        ("$vm", vm.ToString()), ("$seq", what.Seq), ("$body", JsonSerializer.Serialize(what, Json)));

    private void CommitFromReserve(Action write)
    {
        try
        {
            CommitOrReleaseReserve(write);
        }
        catch (Exception e) when (JournalFile.IsFull(e))
        {
            throw JournalFile.Full(_connection.DataSource, e);
        }
    }

    private void CommitOrReleaseReserve(Action write)
    {
        try
        {
            Commit(write);
        }
        catch (SqliteException e) when (JournalFile.IsFull(e) && _reserve.Release())
        {
            Commit(write);
        }
    }

    private void Commit(Action write)
    {
        using var transaction = _connection.BeginTransaction();
        write();
        transaction.Commit();
    }

    private T Read<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is JsonException or SqliteException or FormatException)
        {
            throw JournalFile.Damaged(_connection.DataSource, $"holds something that cannot be read: {e.Message}", e);
        }
    }

    private static T Parse<T>(string json) => JsonSerializer.Deserialize<T>(json, Json)!;

    private static void LeaveSpecOut(JsonTypeInfo type)
    {
        if (type.Type == typeof(Vm))
            type.Properties.Remove(type.Properties.Single(property => property.Name == "spec"));
    }
}
