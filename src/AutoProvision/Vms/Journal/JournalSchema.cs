using Microsoft.Data.Sqlite;

namespace AutoProvision.Vms.Journal;

/// <summary>
/// The journal's tables, by version (SQLite's user_version). A version that was published is never changed: the next one says
/// how to come from it.
/// </summary>
internal static class JournalSchema
{
    /// <summary>The script at index n brings a journal from version n to n + 1; version 0 is an empty file.</summary>
    private static readonly string[] Migrations =
    [
        """
        CREATE TABLE vms (id TEXT PRIMARY KEY, body TEXT NOT NULL);
        CREATE TABLE events (vm TEXT NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (vm, seq)) WITHOUT ROWID;
        """,
        // What was asked for is written once and not with every event; VMs have a place in their order that no clock decides;
        // idempotency keys.
        """
        ALTER TABLE vms RENAME TO vms_1;
        CREATE TABLE vms (position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, spec TEXT NOT NULL, body TEXT NOT NULL);
        INSERT INTO vms (position, id, spec, body)
          SELECT row_number() OVER (ORDER BY body ->> 'createdAt', id), id, json_extract(body, '$.spec'), json_remove(body, '$.spec') FROM vms_1;
        DROP TABLE vms_1;
        CREATE TABLE idempotency_keys (key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, vm TEXT NOT NULL, at TEXT NOT NULL) WITHOUT ROWID;
        """,
        // Events have a place among those of all VMs: by their time, but never against the order within a VM, whatever the clock
        // did. How far forgotten events went, so that no place is given twice and no gap is overlooked; how far subscribers are.
        """
        ALTER TABLE events RENAME TO events_2;
        CREATE TABLE events (position INTEGER PRIMARY KEY, vm TEXT NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (vm, seq));
        INSERT INTO events (position, vm, seq, body)
          SELECT row_number() OVER (ORDER BY at, vm, seq), vm, seq, body
          FROM (SELECT vm, seq, body, max(body ->> 'at') OVER (PARTITION BY vm ORDER BY seq) AS at FROM events_2);
        DROP TABLE events_2;
        CREATE TABLE forgotten (position INTEGER NOT NULL);
        INSERT INTO forgotten (position) VALUES (0);
        CREATE TABLE subscribers (name TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
        """,
        // What was asked for has a table of its own: SQLite writes a row whole when one of its columns changes. Of deleted VMs only
        // what their readers need is kept. How far events of a VM that there is were trimmed. A VM's keys are found by their VM.
        """
        ALTER TABLE vms RENAME TO vms_3;
        CREATE TABLE vms (position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, trimmed INTEGER NOT NULL DEFAULT 0, body TEXT NOT NULL);
        CREATE TABLE specs (vm TEXT PRIMARY KEY, body TEXT NOT NULL);
        INSERT INTO vms (position, id, body) SELECT position, id, body FROM vms_3;
        INSERT INTO specs (vm, body)
          SELECT id, CASE WHEN body ->> 'deletedAt' IS NULL THEN spec ELSE json_remove(spec, '$.authorizedKeys', '$.packages', '$.files', '$.hosts',
            '$.runCommands', '$.bootCommands', '$.networkConfig', '$.users', '$.environment', '$.userData', '$.readinessChecks') END
          FROM vms_3 ORDER BY position;
        DROP TABLE vms_3;
        CREATE INDEX idempotency_keys_vm ON idempotency_keys (vm);
        """,
        // Nothing to change: VMs of before have no account of the service's. But a VM may be unreachable from here on, a state that earlier
        // programs cannot read.
        "SELECT 1",
    ];

    /// <summary>The version that this program reads and writes.</summary>
    public static int Current => Migrations.Length;

    /// <summary>Brings the journal to the current version; all of it or nothing.</summary>
    public static void Migrate(SqliteConnection connection, int version)
    {
        using var transaction = connection.BeginTransaction();
        foreach (var script in Migrations[version..])
            connection.Run(script);
        connection.Run($"PRAGMA user_version = {Current}");
        transaction.Commit();
    }
}
