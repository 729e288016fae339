using System.Formats.Tar;
using System.Text;

namespace AutoProvision.Ssh.Files;

/// <summary>
/// Writes a directory as a tar archive while it is read: nothing of it is kept. The guest needs no tar. Names are relative to the directory.
/// Sockets, pipes and devices are left out, which mean nothing elsewhere, and so is what is in /proc and /sys where a directory above those
/// is asked for, as of the whole guest: that is the kernel's own, and larger than any disk. The format is GNU's: .NET does not read names
/// with line breaks of pax, even where it wrote them.
/// </summary>
internal sealed class TarDownload(Sftp sftp, AccountNames names, Stream archive)
{
    private const int LongestAccount = 32;
    public static readonly string[] Kernels = ["/proc", "/sys"];
    private readonly ArchiveNames _checked = new();

    public async Task WriteAsync(string directory, SftpAttributes attributes, CancellationToken cancellation)
    {
        await using var writer = new TarWriter(archive, TarEntryFormat.Gnu, leaveOpen: true);
        try
        {
            await AddAsync(writer, directory, "./", attributes, cancellation);
            await AddAllAsync(writer, directory, "", cancellation);
        }
        catch (InvalidDataException e)
        {
            throw FileFailures.ArchiveBroken(directory, e.Message, e);
        }
    }

    private async Task AddAllAsync(TarWriter writer, string directory, string prefix, CancellationToken cancellation)
    {
        await foreach (var entry in sftp.ListAsync(directory, cancellation))
        {
            var path = FilePath.In(directory, entry.Name);
            var name = prefix + entry.Name;
            try
            {
                _checked.Add(name, entry.Attributes.Kind);
                await AddAsync(writer, path, name, entry.Attributes, cancellation);
                if (entry.Attributes.Kind == FileKind.Directory && !Kernels.Contains(path))
                    await AddAllAsync(writer, path, name + "/", cancellation);
            }
            catch (SftpException e) when (e.Status == SftpStatus.NoSuchFile)
            {
                // Left out where it went while its directory was read. (One whose name is no UTF-8 only seems to be gone.)
                if (entry.Name.Contains('\uFFFD', StringComparison.Ordinal) || await sftp.FindLinkAsync(path, cancellation) is not null)
                    throw;
            }
        }
    }

    private async Task AddAsync(TarWriter writer, string path, string name, SftpAttributes attributes, CancellationToken cancellation)
    {
        switch (attributes.Kind)
        {
            case FileKind.Directory:
                await writer.WriteEntryAsync(Describe(names, TarEntryType.Directory, name.TrimEnd('/') + "/", attributes), cancellation);
                break;
            case FileKind.Symlink:
                var link = Describe(names, TarEntryType.SymbolicLink, name, attributes);
                link.LinkName = await sftp.ReadLinkAsync(path, cancellation);
                await writer.WriteEntryAsync(link, cancellation);
                break;
            case FileKind.File:
                await AddFileAsync(writer, path, Describe(names, TarEntryType.RegularFile, name, attributes), cancellation);
                break;
        }
    }

    private async Task AddFileAsync(TarWriter writer, string path, GnuTarEntry entry, CancellationToken cancellation)
    {
        var handle = await sftp.OpenFileAsync(path, SftpOpen.Read, cancellation);
        // As long as it is now: what is appended meanwhile is not in the archive, what is cut off is zeros, as tar itself does it.
        var size = (await sftp.StatHandleAsync(handle, cancellation)).Size ?? 0;
        await using var content = new SftpReadStream(sftp, handle, size) { IsPadded = true };
        if (size > 0)
            entry.DataStream = content;
        await writer.WriteEntryAsync(entry, cancellation);
        await sftp.CloseAsync(handle, cancellation);
    }

    /// <summary>An entry without its content or target.</summary>
    public static GnuTarEntry Describe(AccountNames names, TarEntryType type, string name, SftpAttributes attributes)
    {
        var (user, group) = attributes.Owner ?? (0, 0);
        return new GnuTarEntry(type, name)
        {
            Mode = attributes.Permissions,
            ModificationTime = attributes.Modified,
            Uid = (int)user,
            Gid = (int)group,
            UserName = Fitting(names.User(user)),
            GroupName = Fitting(names.Group(group)),
        };
    }

    // Without a name it is the number that counts.
    private static string Fitting(string account) => Encoding.UTF8.GetByteCount(account) <= LongestAccount ? account : "";
}
