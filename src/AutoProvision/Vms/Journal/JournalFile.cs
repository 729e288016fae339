using Microsoft.Data.Sqlite;

namespace AutoProvision.Vms.Journal;

/// <summary>
/// Opens the journal's file: checked, locked, and brought to this version after a copy was made of it. A file that is damaged
/// is refused and left as it is, never made anew.
/// </summary>
internal static class JournalFile
{
    private const int LockWaitSeconds = 5;

    // https://sqlite.org/rescode.html
    private const int Busy = 5;
    private const int NoRoom = 13;
    private const int WriteFailed = 778;

    // https://sqlite.org/pragma.html#pragma_auto_vacuum
    internal const long Incremental = 2;

    /// <exception cref="FailureException"><c>journal_damaged</c>, <c>journal_newer</c>, <c>journal_in_use</c> or <c>journal_full</c>.</exception>
    public static SqliteConnection Open(string path)
    {
        var connection = Connection(path);
        try
        {
            CreateIfMissing(path);
            connection.Open();
            Prepare(connection, path);
            return connection;
        }
        catch (Exception e)
        {
            connection.Dispose();
            if (Tell(path, e) is { } failure)
                throw failure;
            throw;
        }
    }

    public static bool IsFull(Exception exception) => exception switch
    {
        SqliteException e => e.SqliteErrorCode == NoRoom || e.SqliteExtendedErrorCode == WriteFailed,
        IOException e => DiskErrors.IsFull(e),
        _ => false,
    };

    public static FailureException Full(string path, Exception inner) => new(VmFailures.JournalFull,
        $"The journal {path} cannot grow: {inner.Message}",
        "Free some space on its disk (deleting VMs still works), or move AutoProvision:DataDirectory. It goes on by itself once there is room.", inner: inner);

    public static FailureException Damaged(string path, string how, Exception? inner = null) => new("journal_damaged",
        $"The journal {path} {how}", "Restore it from a backup, or move it away to start empty; VMs it knew are then in GET /host/orphans.", inner: inner);

    private static FailureException? Tell(string path, Exception exception) => exception switch
    {
        SqliteException { SqliteErrorCode: Busy } e => new("journal_in_use", $"Another process has the journal {path} open.",
            "A service runs on this data directory already: stop it, or give this one another AutoProvision:DataDirectory and Libvirt:PoolDirectory.", inner: e),
        _ when IsFull(exception) => Full(path, exception),
        SqliteException e => Damaged(path, $"cannot be read: {e.Message}", e),
        _ => null,
    };

    private static void Prepare(SqliteConnection connection, string path)
    {
        // One process at a time: two would each undo what the other is making.
        connection.Run("PRAGMA locking_mode = EXCLUSIVE");
        // WAL with NORMAL survives a killed process; only a power cut can take the last transactions, and never tears one.
        connection.Run("PRAGMA journal_mode = WAL");
        connection.Run("PRAGMA synchronous = NORMAL");
        // Else it stays as long as the largest transaction was.
        connection.Run($"PRAGMA journal_size_limit = {VmJournal.MostLogBytes}");
        if (connection.Ask("PRAGMA quick_check") is not "ok")
            throw Damaged(path, "fails SQLite's integrity check.");
        var version = Convert.ToInt32(connection.Ask("PRAGMA user_version"));
        if (version > JournalSchema.Current)
            throw new FailureException("journal_newer", $"The journal {path} was written by a newer version (schema {version}, this one knows {JournalSchema.Current}).",
                "Run the newer version, or give this one another data directory.");
        if (version == 0)
            throw Damaged(path, "has no tables.");
        if (version < JournalSchema.Current)
        {
            BackUp(connection, $"{path}.v{version}.bak");
            JournalSchema.Migrate(connection, version);
        }
        LetItShrink(connection);
    }

    // One of an older version cannot, until it is written whole once (https://sqlite.org/lang_vacuum.html). That takes as much room again
    // as the journal does: where there is none, it is tried at the next start.
    private static void LetItShrink(SqliteConnection connection)
    {
        if (connection.Ask("PRAGMA auto_vacuum") is Incremental)
            return;
        try
        {
            connection.Run("PRAGMA auto_vacuum = INCREMENTAL");
            connection.Run("VACUUM");
            connection.Run("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        catch (SqliteException)
        {
            // No room, or no directory for SQLite's own temporary file: it works as it is. That it is sound was checked before.
        }
    }

    // Whole or not at all; one of an earlier try is of the same version and is replaced.
    private static void BackUp(SqliteConnection connection, string path)
    {
        var unfinished = path + ".new";
        File.Delete(unfinished);
        CreatePrivate(unfinished);
        connection.Run("VACUUM INTO $path", ("$path", unfinished));
        File.Move(unfinished, path, overwrite: true);
    }

    private static SqliteConnection Connection(string path) =>
        new(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = LockWaitSeconds }.ToString());

    // Whole or not at all, so that one without tables is known to have lost them.
    private static void CreateIfMissing(string path)
    {
        var file = new FileInfo(path);
        if (file.Exists && file.Length == 0)
            throw Damaged(path, "is empty.");
        if (file.Exists)
            return;
        // SQLite would throw it away.
        if (File.Exists(path + "-wal"))
            throw Damaged(path, $"is missing, but its log {Path.GetFileName(path)}-wal is there.");
        var unfinished = path + ".new";
        File.Delete(unfinished);
        CreatePrivate(unfinished);
        using (var connection = Connection(unfinished))
        {
            connection.Open();
            // No side file that a killed service could leave.
            connection.Run("PRAGMA journal_mode = MEMORY");
            // Only of one without tables is it a matter of this word alone.
            connection.Run("PRAGMA auto_vacuum = INCREMENTAL");
            JournalSchema.Migrate(connection, version: 0);
        }
        File.Move(unfinished, path);
    }

    // What callers put into files and commands is nobody else's business; SQLite gives its side files the same mode.
    private static void CreatePrivate(string path) => File.Open(path, new FileStreamOptions
    {
        Mode = FileMode.OpenOrCreate,
        Access = FileAccess.ReadWrite,
        Share = FileShare.ReadWrite,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    }).Dispose();
}
