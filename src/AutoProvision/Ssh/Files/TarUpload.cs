using System.Formats.Tar;

namespace AutoProvision.Ssh.Files;

/// <summary>
/// Unpacks a tar archive into a directory of the guest while it arrives. Each file is written beside its place and renamed, so that one is
/// either whole or not there; what was unpacked before a cut stays. Nothing is written or read outside of the directory: symbolic links
/// are gone through only where they stay in it, be they the archive's or the guest's.
/// </summary>
/// <param name="sftp">The session.</param>
/// <param name="upload">Writes the files.</param>
/// <param name="names">The guest's users and groups.</param>
/// <param name="directory">Where to.</param>
/// <param name="temporary">What a file is called until it is whole, see <see cref="SftpCommand.WithSweep"/>.</param>
/// <param name="owner">Whom everything is to belong to; null takes the owners of the archive, by name where the guest knows it.</param>
internal sealed class TarUpload(Sftp sftp, SftpUpload upload, AccountNames names, string directory, string temporary, (uint User, uint Group)? owner)
{
    private readonly List<(string Path, SftpAttributes Attributes)> _directories = [];
    private readonly HashSet<string> _inside = [];
    private string _root = "";

    /// <param name="archive">ustar, pax, GNU or old tar, without compression.</param>
    /// <param name="cancellation">Cuts it off.</param>
    /// <exception cref="InvalidDataException">It is no tar archive, or one that reaches out of the directory.</exception>
    public async Task ReadAsync(Stream archive, CancellationToken cancellation)
    {
        _root = await sftp.RealPathAsync(directory, cancellation);
        await using var entries = new TarArchive(archive);
        while (await entries.NextAsync(cancellation) is { } entry)
            await UnpackAsync(entry, Place(entry.Name), cancellation);
        // Last and from within: a directory without the right to write takes no more files. Each is looked at again: a link may have
        // been replaced since by one that leads out.
        foreach (var (path, attributes) in Enumerable.Reverse(_directories))
            if (await sftp.FindLinkAsync(path, cancellation) is not null)
                await ApplyAsync(await CheckAsync(path, cancellation), attributes, cancellation);
    }

    private async Task UnpackAsync(TarEntry entry, string path, CancellationToken cancellation)
    {
        var attributes = new SftpAttributes(Owner: owner ?? OwnerOf(entry), Mode: (uint)entry.Mode & 0xFFF, ModifiedAt: (uint)Math.Clamp(entry.ModificationTime.ToUnixTimeSeconds(), 0, uint.MaxValue));
        switch (entry.EntryType)
        {
            case TarEntryType.Directory:
                await MakeAsync(path, cancellation);
                _directories.Add((path, attributes));
                break;
            case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                await WriteAsync(path, ContentOf(entry), attributes, cancellation);
                break;
            case TarEntryType.SymbolicLink:
                await LinkAsync(path, entry.LinkName, attributes, cancellation);
                break;
            case TarEntryType.HardLink:
                await CopyAsync(Place(entry.LinkName), path, attributes, cancellation);
                break;
            case TarEntryType.GlobalExtendedAttributes:
                break;
            default:
                throw new InvalidDataException($"The archive holds \"{entry.Name}\", which is a {entry.EntryType}; files, directories and links can be unpacked.");
        }
    }

    // What GNU tar makes of holes in its pax format is not what .NET reads.
    private static Stream ContentOf(TarEntry entry) =>
        entry is PaxTarEntry pax && pax.ExtendedAttributes.Keys.Any(key => key.StartsWith("GNU.sparse.", StringComparison.Ordinal))
            ? throw new InvalidDataException($"The archive holds \"{entry.Name}\" as a sparse file: leave \"tar -S\" out, and have bsdtar make none by --no-read-sparse.")
            : entry.DataStream ?? Stream.Null;

    private async Task WriteAsync(string path, Stream content, SftpAttributes attributes, CancellationToken cancellation)
    {
        await MakeAsync(FilePath.Parent(path), cancellation);
        if (await sftp.FindLinkAsync(path, cancellation) is { Kind: FileKind.Directory })
            throw FileFailures.IsDirectory(path);
        await upload.WriteAsync(FilePath.In(FilePath.Parent(path), temporary), path, content, attributes, durable: false, cancellation);
    }

    private async Task LinkAsync(string path, string target, SftpAttributes attributes, CancellationToken cancellation)
    {
        FilePath.CheckTarget(target);
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

    // The archive's second name of a file becomes a file of its own, that of a symbolic link another link.
    private async Task CopyAsync(string from, string to, SftpAttributes attributes, CancellationToken cancellation)
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

    private async Task MakeAsync(string path, CancellationToken cancellation)
    {
        if (_inside.Contains(path))
            return;
        await CheckAsync(path, cancellation);
        await new RemoteDirectories(sftp).MakeAsync(path, owner, cancellation);
        _inside.Add(path);
    }

    // Of as much of the path as is there: links are what may lead out. Gives it without them.
    private async Task<string> CheckAsync(string path, CancellationToken cancellation)
    {
        var there = path;
        while (await sftp.FindLinkAsync(there, cancellation) is null)
            there = FilePath.Parent(there);
        var real = await sftp.RealPathAsync(there, cancellation);
        if (real != _root && !real.StartsWith(_root == "/" ? _root : _root + "/", StringComparison.Ordinal))
            throw new InvalidDataException($"The archive goes through the link {there}, which leads out of the directory.");
        return real;
    }

    private async Task ApplyAsync(string path, SftpAttributes attributes, CancellationToken cancellation)
    {
        await sftp.SetAsync(path, new SftpAttributes(Owner: attributes.Owner), cancellation);
        await sftp.SetAsync(path, new SftpAttributes(Mode: attributes.Mode, ModifiedAt: attributes.ModifiedAt), cancellation);
    }

    private (uint User, uint Group) OwnerOf(TarEntry entry)
    {
        var (user, group) = entry is PosixTarEntry posix ? (posix.UserName, posix.GroupName) : ("", "");
        return (names.UserNumber(user) ?? (uint)entry.Uid, names.GroupNumber(group) ?? (uint)entry.Gid);
    }

    // A leading "/" is dropped, as tar itself does.
    private string Place(string name)
    {
        var parts = name.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".").ToList();
        if (parts.Contains(".."))
            throw new InvalidDataException($"The archive's \"{name}\" lies outside of the directory.");
        return parts.Count == 0 ? directory : FilePath.Check(FilePath.In(directory, string.Join('/', parts)));
    }
}
