namespace AutoProvision.Ssh.Files;

/// <summary>Whole directories of the guest.</summary>
internal sealed class RemoteDirectories(Sftp sftp)
{
    /// <summary>Makes a directory with those above it; each new one belongs to whom the one above it belongs.</summary>
    public async Task MakeAsync(string path, CancellationToken cancellation)
    {
        if (await sftp.FindAsync(path, cancellation) is { Kind: FileKind.Directory })
            return;
        var parent = FilePath.Parent(path);
        await MakeAsync(parent, cancellation);
        await sftp.MakeDirectoryAsync(path, cancellation);
        var (above, made) = (await sftp.FindAsync(parent, cancellation), await sftp.FindAsync(path, cancellation));
        if (above?.Owner is { } owner && made?.Owner != owner)
            await sftp.SetAsync(path, new SftpAttributes(Owner: owner), cancellation);
    }

    /// <summary>Removes a directory with all that is in it. Symbolic links go, what they lead to stays.</summary>
    public async Task RemoveAsync(string path, CancellationToken cancellation)
    {
        var entries = new List<SftpEntry>();
        await foreach (var entry in sftp.ListAsync(path, cancellation))
            entries.Add(entry);
        foreach (var entry in entries)
        {
            var inside = FilePath.In(path, entry.Name);
            await (entry.Attributes.Kind == FileKind.Directory ? RemoveAsync(inside, cancellation) : sftp.RemoveAsync(inside, cancellation));
        }
        await sftp.RemoveDirectoryAsync(path, cancellation);
    }
}
