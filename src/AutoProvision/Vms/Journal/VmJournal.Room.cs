using Microsoft.Data.Sqlite;

namespace AutoProvision.Vms.Journal;

// What is no longer kept, and the room that it took.
public sealed partial class VmJournal
{
    /// <summary>How long SQLite's log stays at most when nothing is written.</summary>
    internal const long MostLogBytes = 4 * 1024 * 1024;

    // So much is written again soon.
    private const long FreePages = 256;

    // A page is 4 KiB; more at once would keep writers waiting.
    private const long PagesAtOnce = 256;

    // They may have very many events each.
    private const int VmsAtOnce = 16;

    /// <summary>Removes VMs, their events and the keys that they were asked for with, in one transaction.</summary>
    /// <exception cref="FailureException"><c>journal_full</c>.</exception>
    public void Remove(IReadOnlyCollection<Guid> ids) => CommitFromReserve(() =>
    {
        foreach (var id in ids.Select(id => id.ToString()))
        {
            _connection.Run("UPDATE forgotten SET position = max(position, (SELECT coalesce(max(position), 0) FROM events WHERE vm = $id))", ("$id", id));
            _connection.Run("DELETE FROM events WHERE vm = $id", ("$id", id));
            _connection.Run("DELETE FROM idempotency_keys WHERE vm = $id", ("$id", id));
            _connection.Run("DELETE FROM specs WHERE vm = $id", ("$id", id));
            _connection.Run("DELETE FROM vms WHERE id = $id", ("$id", id));
        }
    });

    /// <summary>Removes keys, in one transaction.</summary>
    /// <exception cref="FailureException"><c>journal_full</c>.</exception>
    public void RemoveKeys(IReadOnlyCollection<string> keys) => CommitFromReserve(() =>
    {
        foreach (var key in keys)
            _connection.Run("DELETE FROM idempotency_keys WHERE key = $key", ("$key", key));
    });

    /// <summary>Leaves every VM its newest events, a few VMs at a time.</summary>
    /// <exception cref="FailureException"><c>journal_full</c> or <c>journal_damaged</c>; the room that is held back is not for this.</exception>
    public void TrimAll(int most)
    {
        var much = Read(() => _connection.List($"SELECT vm, max(seq) FROM events GROUP BY vm HAVING count(*) > {most}", row => (Vm: row.GetString(0), Newest: row.GetInt64(1))));
        try
        {
            foreach (var some in much.Chunk(VmsAtOnce))
                Commit(() =>
                {
                    foreach (var (vm, newest) in some)
                        Trim(vm, newest - most);
                });
        }
        catch (SqliteException e) when (JournalFile.IsFull(e))
        {
            throw JournalFile.Full(_connection.DataSource, e);
        }
    }

    /// <summary>Gives some of the room that is not needed back to the disk: the file's and the log's.</summary>
    /// <returns>Whether there is more.</returns>
    /// <exception cref="FailureException"><c>journal_full</c>: to be moved, pages have to be written first.</exception>
    public bool GiveRoomBack()
    {
        try
        {
            // First: where there is no room to move pages in, the log's is given back all the same.
            if (Length("-wal") > MostLogBytes)
                _connection.Run("PRAGMA wal_checkpoint(TRUNCATE)");
            var free = Pages("freelist_count") - FreePages;
            if (free > 0)
                _connection.Run($"PRAGMA incremental_vacuum({Math.Min(free, PagesAtOnce)})");
            if (free > 0 && Pages("freelist_count") - FreePages < free)
                return true;
            // The file is cut off when the log is brought into it.
            if (Length("") > Pages("page_count") * Pages("page_size"))
                _connection.Run("PRAGMA wal_checkpoint(TRUNCATE)");
            return false;
        }
        catch (SqliteException e) when (JournalFile.IsFull(e))
        {
            throw JournalFile.Full(_connection.DataSource, e);
        }
    }

    private long Pages(string pragma) => Convert.ToInt64(_connection.Ask($"PRAGMA {pragma}"));

    private long Length(string suffix) => new FileInfo(_connection.DataSource + suffix) is { Exists: true, Length: var length } ? length : 0;

    private void Trim(string vm, long seq)
    {
        _connection.Run("UPDATE vms SET trimmed = max(trimmed, (SELECT coalesce(max(position), 0) FROM events WHERE vm = $id AND seq <= $seq)) WHERE id = $id", ("$id", vm), ("$seq", seq));
        _connection.Run("UPDATE forgotten SET position = max(position, (SELECT trimmed FROM vms WHERE id = $id))", ("$id", vm));
        _connection.Run("DELETE FROM events WHERE vm = $id AND seq <= $seq", ("$id", vm), ("$seq", seq));
    }
}
