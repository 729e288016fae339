namespace AutoProvision.Ssh.Files;

/// <summary>
/// The directory that an archive is unpacked into, over SFTP. Each file is written beside its place and renamed, so that one is either whole
/// or not there. Nothing is written or read outside of the directory: symbolic links are gone through only where they stay in it, be they
/// the archive's or the guest's.
/// </summary>
/// <param name="sftp">The session.</param>
/// <param name="upload">Writes the files.</param>
/// <param name="root">The directory, without symbolic links.</param>
/// <param name="temporary">What a file is called until it is whole, see <see cref="SftpCommand.WithSweep"/>.</param>
/// <param name="owner">Whom everything is to belong to; null gives new directories to whom the one above them belongs.</param>
internal sealed class ArchivePlace(Sftp sftp, SftpUpload upload, string root, string temporary, (uint User, uint Group)? owner)
{
    private readonly HashSet<string> _inside = [];

    /// <summary>Puts one entry of an archive where it belongs. Of a directory, the attributes are set last, see <see cref="ApplyAsync"/>.</summary>
    public Task PutAsync(TarItem item, CancellationToken cancellation) => item.Kind switch
    {
        TarItemKind.Directory => MakeAsync(item.Path, cancellation),
        TarItemKind.File => WriteAsync(item.Path, item.Content, item.Attributes, cancellation),
        TarItemKind.Symlink => LinkAsync(item.Path, item.Target, item.Attributes, cancellation),
        _ => CopyAsync(item.Target, item.Path, item.Attributes, cancellation),
    };

    /// <summary>Makes a directory with those above it that are missing.</summary>
    public async Task MakeAsync(string path, CancellationToken cancellation)
    {
        if (_inside.Contains(path))
            return;
        await CheckAsync(path, cancellation);
        await new RemoteDirectories(sftp).MakeAsync(path, owner, cancellation);
        _inside.Add(path);
    }

    /// <summary>The archive's second name of a file becomes a file of its own, that of a symbolic link another link.</summary>
    public async Task CopyAsync(string from, string to, SftpAttributes attributes, CancellationToken cancellation)
    {
        await CheckAsync(FilePath.Parent(from), cancellation);
        if (await sftp.FindLinkAsync(from, cancellation) is { Kind: not FileKind.File } other)
        {
            var target = other.Kind == FileKind.Symlink ? await sftp.ReadLinkAsync(from, cancellation) : throw new InvalidDataException($"The archive holds a hard link to {from}, which is no file.");
            await LinkAsync(to, target, attributes, cancellation);
            return;
        }
        var handle = await sftp.OpenFileAsync(from, SftpOpen.Read, cancellation);
        await using var content = new SftpReadStream(sftp, handle, (await sftp.StatHandleAsync(handle, cancellation)).Size ?? 0);
        await WriteAsync(to, content, attributes, cancellation);
        await sftp.CloseAsync(handle, cancellation);
    }

    /// <summary>Of as much of a path as is there: links are what may lead out.</summary>
    /// <returns>That, without them.</returns>
    /// <exception cref="InvalidDataException">It lies outside of the directory.</exception>
    public async Task<string> CheckAsync(string path, CancellationToken cancellation)
    {
        var there = path;
        while (await sftp.FindLinkAsync(there, cancellation) is null)
            there = FilePath.Parent(there);
        return await ResolveAsync(there, cancellation);
    }

    /// <summary>
    /// Gives a directory the attributes that the archive has for it; what is gone meanwhile has none. It is looked at again: a link may have
    /// been replaced since by one that leads out.
    /// </summary>
    public async Task ApplyAsync(string path, SftpAttributes attributes, CancellationToken cancellation)
    {
        if (await sftp.FindLinkAsync(path, cancellation) is null)
            return;
        var real = await ResolveAsync(path, cancellation);
        // Together: a directory keeps its setgid bit when its owner changes.
        await sftp.SetAsync(real, attributes, cancellation);
    }

    private async Task<string> ResolveAsync(string there, CancellationToken cancellation)
    {
        var real = await sftp.RealPathAsync(there, cancellation);
        if (real != root && !real.StartsWith(root == "/" ? root : root + "/", StringComparison.Ordinal))
            throw new InvalidDataException($"The archive goes through the link {there}, which leads out of the directory.");
        return real;
    }

    private async Task WriteAsync(string path, Stream content, SftpAttributes attributes, CancellationToken cancellation)
    {
        await MakeAsync(FilePath.Parent(path), cancellation);
        if (await sftp.FindLinkAsync(path, cancellation) is { Kind: FileKind.Directory })
            throw FileFailures.IsDirectory(path);
        await upload.WriteAsync(FilePath.In(FilePath.Parent(path), temporary), path, content, attributes, durable: false, cancellation);
    }

    private async Task LinkAsync(string path, string target, SftpAttributes attributes, CancellationToken cancellation)
    {
        await MakeAsync(FilePath.Parent(path), cancellation);
        _inside.Clear();
        var old = await sftp.FindLinkAsync(path, cancellation);
        if (old is { Kind: FileKind.Directory })
            throw FileFailures.IsDirectory(path);
        if (old is not null)
            await sftp.RemoveAsync(path, cancellation);
        await sftp.SymlinkAsync(target, path, cancellation);
        await sftp.SetLinkAsync(path, new SftpAttributes(Owner: attributes.Owner), cancellation);
    }

    /// <summary>What was found to lie inside may not do so any more: links came by another way.</summary>
    public void Forget() => _inside.Clear();
}
