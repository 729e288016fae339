namespace AutoProvision.Ssh.Files;

/// <summary>
/// Moves what the guest's tar has unpacked beside to its place. A directory that is new there goes in one step, however much is in it; in one
/// that is there, each file takes its place in one step.
/// </summary>
/// <param name="sftp">The session.</param>
/// <param name="place">Where to; it knows what lies outside.</param>
/// <param name="tree">What was unpacked.</param>
/// <param name="directory">The directory that the names are relative to.</param>
/// <param name="given">To whom new directories were given.</param>
/// <param name="owner">To whom everything is to belong; null leaves new directories to whom the one above them belongs.</param>
internal sealed class StagedTree(Sftp sftp, ArchivePlace place, TarTree tree, string directory, (uint User, uint Group) given, (uint User, uint Group)? owner)
{
    private const int UnderWay = 64;

    /// <param name="staged">The new directory; gone afterwards.</param>
    /// <param name="cancellation">Cuts it off.</param>
    /// <exception cref="InvalidDataException">It would go through a link that leads out of the directory.</exception>
    public Task MoveAsync(string staged, CancellationToken cancellation) => MoveAsync(staged, directory, "", cancellation);

    private async Task MoveAsync(string from, string to, string name, CancellationToken cancellation)
    {
        var entries = await sftp.ListAsync(from, cancellation).ToListAsync(cancellation);
        foreach (var entry in await MoveEachAsync(entries.Where(entry => entry.Attributes.Kind != FileKind.Directory), entry => TryRenameAsync(from, to, entry, cancellation)))
            await CopyAsync(FilePath.In(from, entry.Name), FilePath.In(to, entry.Name), entry.Attributes, cancellation);
        var above = owner ?? (await sftp.FindAsync(to, cancellation))?.Owner ?? given;
        foreach (var entry in await MoveEachAsync(entries.Where(entry => entry.Attributes.Kind == FileKind.Directory), entry => TryMoveAsync(from, to, name, above, entry, cancellation)))
            await MoveAsync(FilePath.In(from, entry.Name), await DirectoryAsync(FilePath.In(to, entry.Name), cancellation), Below(name, entry.Name), cancellation);
        await sftp.RemoveDirectoryAsync(from, cancellation);
    }

    // Many requests under way at a time: the way to the guest and back is what takes long.
    private static async Task<List<SftpEntry>> MoveEachAsync(IEnumerable<SftpEntry> entries, Func<SftpEntry, Task<bool>> move)
    {
        var left = new List<SftpEntry>();
        foreach (var some in entries.Chunk(UnderWay))
            left.AddRange(some.Zip(await Task.WhenAll(some.Select(move))).Where(moved => !moved.Second).Select(moved => moved.First));
        return left;
    }

    private async Task<bool> TryRenameAsync(string from, string to, SftpEntry entry, CancellationToken cancellation)
    {
        try
        {
            await sftp.RenameAsync(FilePath.In(from, entry.Name), FilePath.In(to, entry.Name), cancellation);
            return true;
        }
        catch (SftpException)
        {
            // A directory in its place, or another file system below it: what is done one by one says why, or does it.
            return false;
        }
    }

    private async Task<bool> TryMoveAsync(string from, string to, string name, (uint User, uint Group) above, SftpEntry entry, CancellationToken cancellation)
    {
        if (await sftp.FindLinkAsync(FilePath.In(to, entry.Name), cancellation) is not null || !await TryRenameAsync(from, to, entry, cancellation))
            return false;
        if (above != given)
            await OwnAsync(Below(name, entry.Name), above, cancellation);
        return true;
    }

    // Those that the archive has an owner for get that one last.
    private async Task OwnAsync(string name, (uint User, uint Group) above, CancellationToken cancellation)
    {
        foreach (var some in tree.Directories.Where(it => it == name || it.StartsWith(name + "/", StringComparison.Ordinal)).Chunk(UnderWay))
            await Task.WhenAll(some.Select(it => sftp.SetAsync(FilePath.In(directory, it), new SftpAttributes(Owner: above), cancellation)));
    }

    // It is there, or could not be moved as a whole.
    private async Task<string> DirectoryAsync(string path, CancellationToken cancellation)
    {
        place.Forget();
        await place.MakeAsync(path, cancellation);
        return await place.CheckAsync(path, cancellation);
    }

    private async Task CopyAsync(string from, string to, SftpAttributes attributes, CancellationToken cancellation)
    {
        await place.CopyAsync(from, to, new SftpAttributes(Owner: attributes.Owner, Mode: attributes.Mode & 0xFFF, ModifiedAt: attributes.ModifiedAt), cancellation);
        await sftp.RemoveAsync(from, cancellation);
    }

    private static string Below(string name, string entry) => name.Length == 0 ? entry : $"{name}/{entry}";
}
