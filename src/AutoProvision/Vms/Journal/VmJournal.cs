using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Data.Sqlite;

namespace AutoProvision.Vms.Journal;

/// <summary>
/// The VMs, their events and the idempotency keys on disk: one SQLite file in WAL mode. A change is a transaction, so that a
/// process killed at any moment leaves either all of it or nothing.
/// </summary>
public sealed partial class VmJournal : IDisposable
{
    // Names, so that a new member between two others changes nothing; numbers of older journals are read as well.
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) } };
    private static readonly JsonSerializerOptions WithoutSpec = new(Json) { TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { LeaveSpecOut } } };
    private static readonly JsonSerializerOptions WithoutPlace = new(Json) { TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { LeavePlaceOut } } };
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
        var vms = _connection.List("SELECT v.body, coalesce(s.body, '') FROM vms v LEFT JOIN specs s ON s.vm = v.id ORDER BY v.position",
            row => JsonSerializer.Deserialize<Vm>(row.GetString(0), WithoutSpec)! with { Spec = Parse<VmSpec>(row.GetString(1)) });
        var names = vms.ToDictionary(vm => vm.Id, vm => vm.Spec.Name);
        var events = _connection.List("SELECT position, vm, body FROM events ORDER BY vm, seq", row => ReadEvent(row, names)).ToLookup(what => what.Vm);
        return vms.ConvertAll(vm => (vm, events[vm.Id].ToList()));
    });

    /// <exception cref="FailureException"><c>journal_damaged</c>.</exception>
    public List<KeptKey> LoadKeys() => Read(() => _connection.List("SELECT key, fingerprint, vm, at FROM idempotency_keys", row => new KeptKey(
        new IdempotencyKey(row.GetString(0), row.GetString(1)), Guid.Parse(row.GetString(2)), DateTimeOffset.Parse(row.GetString(3), CultureInfo.InvariantCulture))));

    /// <summary>How far the events went that are no longer kept.</summary>
    public long LoadForgotten() => Read(() => _connection.List("SELECT position FROM forgotten", row => row.GetInt64(0)).Single());

    /// <summary>The same of each VM that has lost some.</summary>
    public Dictionary<Guid, long> LoadTrimmed() => Read(() =>
        _connection.List("SELECT id, trimmed FROM vms WHERE trimmed > 0", row => (Id: Guid.Parse(row.GetString(0)), Position: row.GetInt64(1))).ToDictionary());

    /// <summary>How far each subscriber has come.</summary>
    public Dictionary<string, long> LoadSubscribers() => Read(() =>
        _connection.List("SELECT name, position FROM subscribers", row => (Name: row.GetString(0), Position: row.GetInt64(1))).ToDictionary());

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
                _connection.Run("INSERT INTO vms (id, body) VALUES ($id, $body)", ("$id", vm.Id.ToString()), ("$body", JsonSerializer.Serialize(vm, WithoutSpec)));
                _connection.Run("INSERT INTO specs (vm, body) VALUES ($id, $spec)", ("$id", vm.Id.ToString()), ("$spec", JsonSerializer.Serialize(vm.Spec, Json)));
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
    /// <param name="vm">The VM.</param>
    /// <param name="what">The event.</param>
    /// <param name="isSpecChanged">Whether what was asked for is to be written again.</param>
    /// <param name="trimTo">Events up to this sequence number are no longer kept.</param>
    /// <exception cref="FailureException"><c>journal_full</c>.</exception>
    public void Append(Vm vm, VmEvent what, bool isSpecChanged = false, long trimTo = 0) => CommitFromReserve(() =>
    {
        if (isSpecChanged)
            _connection.Run("UPDATE specs SET body = $spec WHERE vm = $id", ("$id", vm.Id.ToString()), ("$spec", JsonSerializer.Serialize(vm.Spec, Json)));
        _connection.Run("UPDATE vms SET body = $body WHERE id = $id", ("$id", vm.Id.ToString()), ("$body", JsonSerializer.Serialize(vm, WithoutSpec)));
        if (trimTo > 0)
            Trim(vm.Id.ToString(), trimTo);
        Insert(vm.Id, what);
    });

    /// <summary>Writes how far a subscriber has come.</summary>
    /// <exception cref="FailureException"><c>journal_full</c>; the room that is held back is not for this.</exception>
    public void KeepSubscriber(string name, long position)
    {
        try
        {
            Commit(() => _connection.Run("INSERT OR REPLACE INTO subscribers (name, position) VALUES ($name, $position)", ("$name", name), ("$position", position)));
        }
        catch (SqliteException e) when (JournalFile.IsFull(e))
        {
            throw JournalFile.Full(_connection.DataSource, e);
        }
    }

    /// <exception cref="FailureException"><c>journal_full</c>.</exception>
    public void RemoveSubscriber(string name) => CommitFromReserve(() => _connection.Run("DELETE FROM subscribers WHERE name = $name", ("$name", name)));

    public void Dispose() => _connection.Dispose();

    private static VmEvent ReadEvent(SqliteDataReader row, Dictionary<Guid, string> names)
    {
        var vm = Guid.Parse(row.GetString(1));
        return JsonSerializer.Deserialize<VmEvent>(row.GetString(2), WithoutPlace)! with { Position = row.GetInt64(0), Vm = vm, Name = names.GetValueOrDefault(vm, "") };
    }

    private void Insert(Guid vm, VmEvent what) => _connection.Run("INSERT INTO events (position, vm, seq, body) VALUES ($position, $vm, $seq, $body)",
        ("$position", what.Position), ("$vm", vm.ToString()), ("$seq", what.Seq), ("$body", JsonSerializer.Serialize(what, WithoutPlace)));

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

    // Columns of their own.
    private static void LeavePlaceOut(JsonTypeInfo type)
    {
        if (type.Type == typeof(VmEvent))
            foreach (var property in type.Properties.Where(property => property.Name is "position" or "vm" or "name").ToList())
                type.Properties.Remove(property);
    }
}
