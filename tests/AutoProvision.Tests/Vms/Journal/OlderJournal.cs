using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace AutoProvision.Vms.Journal;

/// <summary>A journal as version 1 wrote it.</summary>
internal static class OlderJournal
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static void Write(string path, params (Vm Vm, VmEvent[] Events)[] rows)
    {
        using var connection = Open(path);
        connection.Run("CREATE TABLE vms (id TEXT PRIMARY KEY, body TEXT NOT NULL)");
        connection.Run("CREATE TABLE events (vm TEXT NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (vm, seq)) WITHOUT ROWID");
        connection.Run("PRAGMA user_version = 1");
        foreach (var (vm, events) in rows)
        {
            connection.Run("INSERT INTO vms (id, body) VALUES ($id, $body)", ("$id", vm.Id.ToString()), ("$body", JsonSerializer.Serialize(vm, Json)));
            foreach (var what in events)
                connection.Run("INSERT INTO events (vm, seq, body) VALUES ($vm, $seq, $body)", ("$vm", vm.Id.ToString()), ("$seq", what.Seq), ("$body", JsonSerializer.Serialize(what, Json)));
        }
    }

    /// <summary>A journal as version 2 wrote it: enumerations as numbers, but an event's type.</summary>
    public static void Write2(string path, params (Vm Vm, VmEvent[] Events)[] rows)
    {
        using var connection = Open(path);
        connection.Run("CREATE TABLE vms (position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, spec TEXT NOT NULL, body TEXT NOT NULL)");
        connection.Run("CREATE TABLE events (vm TEXT NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (vm, seq)) WITHOUT ROWID");
        connection.Run("CREATE TABLE idempotency_keys (key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, vm TEXT NOT NULL, at TEXT NOT NULL) WITHOUT ROWID");
        connection.Run("PRAGMA user_version = 2");
        foreach (var (vm, events) in rows)
        {
            connection.Run("INSERT INTO vms (id, spec, body) VALUES ($id, $spec, json_remove($body, '$.spec'))",
                ("$id", vm.Id.ToString()), ("$spec", JsonSerializer.Serialize(vm.Spec, Json)), ("$body", JsonSerializer.Serialize(vm, Json)));
            foreach (var what in events)
                connection.Run("INSERT INTO events (vm, seq, body) VALUES ($vm, $seq, json_remove($body, '$.position', '$.vm', '$.name'))",
                    ("$vm", vm.Id.ToString()), ("$seq", what.Seq), ("$body", JsonSerializer.Serialize(what, Json)));
        }
    }

    /// <summary>A journal as version 3 wrote it, on a file that cannot shrink.</summary>
    public static void Write3(string path, params (Vm Vm, VmEvent[] Events)[] rows)
    {
        using var connection = Open(path);
        connection.Run("CREATE TABLE vms (position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, spec TEXT NOT NULL, body TEXT NOT NULL)");
        connection.Run("CREATE TABLE events (position INTEGER PRIMARY KEY, vm TEXT NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (vm, seq))");
        connection.Run("CREATE TABLE idempotency_keys (key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, vm TEXT NOT NULL, at TEXT NOT NULL) WITHOUT ROWID");
        connection.Run("CREATE TABLE forgotten (position INTEGER NOT NULL)");
        connection.Run("INSERT INTO forgotten (position) VALUES (0)");
        connection.Run("CREATE TABLE subscribers (name TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID");
        connection.Run("PRAGMA user_version = 3");
        foreach (var (vm, events) in rows)
        {
            connection.Run("INSERT INTO vms (id, spec, body) VALUES ($id, $spec, json_remove($body, '$.spec'))",
                ("$id", vm.Id.ToString()), ("$spec", JsonSerializer.Serialize(vm.Spec, Json)), ("$body", JsonSerializer.Serialize(vm, Json)));
            foreach (var what in events)
                connection.Run("INSERT INTO events (position, vm, seq, body) VALUES ($position, $vm, $seq, json_remove($body, '$.position', '$.vm', '$.name'))",
                    ("$position", what.Position), ("$vm", vm.Id.ToString()), ("$seq", what.Seq), ("$body", JsonSerializer.Serialize(what, Json)));
        }
    }

    public static object? CountVms(string path)
    {
        using var connection = Open(path);
        Assert.Equal(1L, connection.Ask("PRAGMA user_version"));
        return connection.Ask("SELECT count(*) FROM vms");
    }

    private static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        return connection;
    }
}
