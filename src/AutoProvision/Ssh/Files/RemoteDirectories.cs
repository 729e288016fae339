namespace AutoProvision.Ssh.Files;

/// <summary>Whole directories of the guest.</summary>
internal sealed class RemoteDirectories(Sftp sftp)
{
    private const int UnderWay = 64;

    /// <summary>Makes a directory with those above it.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="owner">Whom each new one is to belong to; null gives it to whom the one above it belongs.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="Vms.FailureException">Something else is in its place.</exception>
    public async Task MakeAsync(string path, (uint User, uint Group)? owner, CancellationToken cancellation)
    {
        // A link that leads nowhere is in the way, too.
        var there = await sftp.FindAsync(path, cancellation) ?? await sftp.FindLinkAsync(path, cancellation);
        if (there is not null)
        {
            if (there.Kind != FileKind.Directory)
                throw FileFailures.NotDirectory(path);
            return;
        }
        var parent = FilePath.Parent(path);
        await MakeAsync(parent, owner, cancellation);
        await sftp.MakeDirectoryAsync(path, cancellation);
        await OwnAsync(path, owner ?? (await sftp.FindAsync(parent, cancellation))?.Owner, cancellation);
    }

    private async Task OwnAsync(string path, (uint User, uint Group)? owner, CancellationToken cancellation)
    {
        if (owner is not null && (await sftp.FindAsync(path, cancellation))?.Owner != owner)
            await sftp.SetAsync(path, new SftpAttributes(Owner: owner), cancellation);
    }

    /// <summary>Removes a directory with all that is in it. Symbolic links go, what they lead to stays.</summary>
    public async Task RemoveAsync(string path, CancellationToken cancellation)
    {
        var entries = new List<SftpEntry>();
        await foreach (var entry in sftp.ListAsync(path, cancellation))
            entries.Add(entry);
        // Many requests under way at a time: the way to the guest and back is what takes long.
        foreach (var some in entries.Where(entry => entry.Attributes.Kind != FileKind.Directory).Chunk(UnderWay))
            await Task.WhenAll(some.Select(entry => sftp.RemoveAsync(FilePath.In(path, entry.Name), cancellation)));
        foreach (var entry in entries.Where(entry => entry.Attributes.Kind == FileKind.Directory))
            await RemoveAsync(FilePath.In(path, entry.Name), cancellation);
        await sftp.RemoveDirectoryAsync(path, cancellation);
    }
}
