namespace AutoProvision.Vms.Journal;

/// <summary>
/// A file beside the journal that holds room for it. On a full disk it is given up, so that what is under way can still be
/// recorded: VMs can be deleted, which is what makes room. New VMs are only taken up while it is there.
/// </summary>
internal sealed class JournalReserve(string path)
{
    /// <summary>Far more than the deletion of every VM writes: SQLite's log is folded back at 4 MiB.</summary>
    private const long Bytes = 8 * 1024 * 1024;

    /// <summary>Makes the reserve when it is not there, or was not finished.</summary>
    /// <exception cref="IOException">There is no room for it.</exception>
    public void Ensure()
    {
        if (new FileInfo(path) is { Exists: true, Length: Bytes })
            return;
        // Preallocation takes the blocks, and takes none when there are not enough of them.
        using var file = File.Open(path, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            PreallocationSize = Bytes,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        file.SetLength(Bytes);
    }

    /// <summary>Gives the room up.</summary>
    /// <returns>Whether there was any.</returns>
    public bool Release()
    {
        var there = File.Exists(path);
        File.Delete(path);
        return there;
    }
}
