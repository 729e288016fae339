using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace AutoProvision.Vms;

/// <summary>
/// The VMs and their events on disk: one SQLite file in WAL mode. A change is a transaction, so that a process killed
/// at any moment leaves either all of it or nothing. It is refused, never made anew, when it is damaged.
/// </summary>
public sealed class VmJournal : IDisposable
{
    private const int SchemaVersion = 1;
    private const int Busy = 5; // SQLITE_BUSY
    private const int LockWaitSeconds = 5;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private readonly SqliteConnection _connection;

    /// <param name="path">The file; made when absent, its directory must exist.</param>
    /// <exception cref="FailureException"><c>journal_damaged</c>, <c>journal_newer</c> or <c>journal_in_use</c>.</exception>
    public VmJournal(string path)
    {
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = LockWaitSeconds }.ToString());
        try
        {
            CreatePrivate(path);
            _connection.Open();
            Prepare(path);
        }
        catch (SqliteException e) when (e.SqliteErrorCode == Busy)
        {
            _connection.Dispose();
            throw new FailureException("journal_in_use", $"Another process has the journal {path} open.",
                "A service runs on this data directory already: stop it, or give this one another AutoProvision:DataDirectory and Libvirt:PoolDirectory.", inner: e);
        }
        catch (SqliteException e)
        {
            _connection.Dispose();
            throw Damaged(path, $"cannot be read: {e.Message}", e);
        }
        catch
        {
            _connection.Dispose();
            throw;
        }
    }

    /// <summary>Every VM with its events in order.</summary>
    /// <exception cref="FailureException"><c>journal_damaged</c>.</exception>
    public List<(Vm Vm, List<VmEvent> Events)> Load()
    {
        try
        {
            var events = Read<VmEvent>("SELECT vm, body FROM events ORDER BY vm, seq").ToLookup(row => row.Id, row => row.Body);
            return [.. Read<Vm>("SELECT id, body FROM vms").Select(row => (row.Body, events[row.Id].ToList()))];
        }
        catch (Exception e) when (e is JsonException or SqliteException)
        {
            throw Damaged(_connection.DataSource, $"holds something that cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Writes a VM as it now is together with the event that says so.</summary>
    public void Append(Vm vm, VmEvent what)
    {
        using var transaction = _connection.BeginTransaction();
        Execute("INSERT INTO vms (id, body) VALUES ($id, $body) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            ("$id", vm.Id.ToString()), ("$body", JsonSerializer.Serialize(vm, Json)));
        Execute("INSERT INTO events (vm, seq, body) VALUES ($vm, $seq, $body)",
            ("$vm", vm.Id.ToString()), ("$seq", what.Seq), ("$body", JsonSerializer.Serialize(what, Json)));
        transaction.Commit();
    }

    public void Remove(Guid id)
    {
        using var transaction = _connection.BeginTransaction();
        Execute("DELETE FROM events WHERE vm = $id", ("$id", id.ToString()));
        Execute("DELETE FROM vms WHERE id = $id", ("$id", id.ToString()));
        transaction.Commit();
    }

    public void Dispose() => _connection.Dispose();

    // What callers put into files and commands is nobody else's business; SQLite gives its side files the same mode.
    private static void CreatePrivate(string path) => File.Open(path, new FileStreamOptions
    {
        Mode = FileMode.OpenOrCreate,
        Access = FileAccess.ReadWrite,
        Share = FileShare.ReadWrite,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    }).Dispose();

    private static FailureException Damaged(string path, string how, Exception? inner = null) => new("journal_damaged",
        $"The journal {path} {how}", "Restore it from a backup, or move it away to start empty; VMs it knew must then be removed by hand.", inner: inner);

    private void Prepare(string path)
    {
        // One process at a time: two would each undo what the other is making.
        Execute("PRAGMA locking_mode = EXCLUSIVE");
        // WAL with NORMAL survives a killed process; only a power cut can take the last transactions, and never tears one.
        Execute("PRAGMA journal_mode = WAL");
        Execute("PRAGMA synchronous = NORMAL");
        if (Scalar("PRAGMA quick_check") is not "ok")
            throw Damaged(path, "fails SQLite's integrity check.");
        var version = Convert.ToInt32(Scalar("PRAGMA user_version"));
        if (version > SchemaVersion)
            throw new FailureException("journal_newer", $"The journal {path} was written by a newer version (schema {version}, this one knows {SchemaVersion}).",
                "Run the newer version, or give this one another data directory.");
        if (version == 0)
            CreateSchema();
    }

    private void CreateSchema()
    {
        using var transaction = _connection.BeginTransaction();
        Execute("CREATE TABLE vms (id TEXT PRIMARY KEY, body TEXT NOT NULL)");
        Execute("CREATE TABLE events (vm TEXT NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (vm, seq)) WITHOUT ROWID");
        Execute($"PRAGMA user_version = {SchemaVersion}");
        transaction.Commit();
    }

    private List<(string Id, T Body)> Read<T>(string sql)
    {
        using var command = Command(sql, []);
        using var reader = command.ExecuteReader();
        var rows = new List<(string, T)>();
        while (reader.Read())
            rows.Add((reader.GetString(0), JsonSerializer.Deserialize<T>(reader.GetString(1), Json)!));
        return rows;
    }

    private void Execute(string sql, params (string Name, object Value)[] parameters)
    {
        using var command = Command(sql, parameters);
        command.ExecuteNonQuery();
    }

    private object? Scalar(string sql)
    {
        using var command = Command(sql, []);
        return command.ExecuteScalar();
    }

    private SqliteCommand Command(string sql, (string Name, object Value)[] parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
            command.Parameters.AddWithValue(name, value);
        return command;
    }
}
