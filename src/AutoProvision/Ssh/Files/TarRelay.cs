using System.Formats.Tar;
using System.Text;
using AutoProvision.Vms;

namespace AutoProvision.Ssh.Files;

/// <summary>
/// Passes on a directory's archive as the guest's own tar writes it, entry by entry: read, checked, and written again as <see cref="TarDownload"/>
/// would have written it. What the guest sends reaches the client in no other way.
/// </summary>
internal sealed class TarRelay(Sftp sftp, AccountNames accounts, Stream archive)
{
    // What tar says where a file changed or vanished while it read, which is no failure.
    private static readonly string[] Whole = [GuestCommand.Done, GuestCommand.End + "1"];
    private readonly ArchiveNames _names = new();

    /// <param name="tar">Started by <see cref="GuestCommand.Pack"/>.</param>
    /// <param name="directory">Of which.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="FailureException"/>
    public async Task CopyAsync(GuestProgram tar, string directory, CancellationToken cancellation)
    {
        await using var output = new WindowedOutput(tar);
        await using var writer = new TarWriter(archive, TarEntryFormat.Gnu, leaveOpen: true);
        try
        {
            await output.BeginAsync(cancellation);
            await using (var entries = new TarArchive(output))
                while (await entries.NextAsync(cancellation) is { } entry)
                    if (await ConvertAsync(entry, directory, cancellation) is { } converted)
                        await writer.WriteEntryAsync(converted, cancellation);
            if (await output.LastLineAsync(cancellation) is var end && !Whole.Contains(end))
                throw new InvalidDataException($"It ended with \"{end}\".");
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or EndOfStreamException or ArgumentException or NotSupportedException)
        {
            throw FileFailures.ArchiveBroken(directory, $"{tar.ReadError()} {e.Message}".Trim(), e);
        }
    }

    private async Task<TarEntry?> ConvertAsync(TarEntry entry, string directory, CancellationToken cancellation)
    {
        var kind = KindOf(entry);
        var attributes = new SftpAttributes(Owner: ((uint)entry.Uid, (uint)entry.Gid), Mode: (uint)entry.Mode, ModifiedAt: (uint)Math.Clamp(entry.ModificationTime.ToUnixTimeSeconds(), 0, uint.MaxValue));
        if (entry.Name is "./" or ".")
            return TarDownload.Describe(accounts, TarEntryType.Directory, "./", attributes);
        // GNU tar begins each with it, and ends a directory's with a slash.
        var name = entry.Name.StartsWith("./", StringComparison.Ordinal) ? entry.Name[2..] : entry.Name;
        name = kind == FileKind.Directory && name.EndsWith('/') ? name[..^1] : name;
        _names.Add(name, kind);
        // One whose name is no UTF-8 would get another.
        if (name.Contains('\uFFFD', StringComparison.Ordinal) && await sftp.FindLinkAsync(FilePath.In(directory, name), cancellation) is null)
            throw new InvalidDataException($"The name of \"{name}\" is not UTF-8.");
        return kind switch
        {
            FileKind.Directory => TarDownload.Describe(accounts, TarEntryType.Directory, name + "/", attributes),
            FileKind.Symlink => LinkOf(TarDownload.Describe(accounts, TarEntryType.SymbolicLink, name, attributes), entry.LinkName),
            FileKind.File => FileOf(TarDownload.Describe(accounts, TarEntryType.RegularFile, name, attributes), entry),
            // Left out, see TarDownload.
            _ => null,
        };
    }

    private static FileKind KindOf(TarEntry entry) => entry.EntryType switch
    {
        TarEntryType.Directory => FileKind.Directory,
        TarEntryType.SymbolicLink => FileKind.Symlink,
        TarEntryType.RegularFile => FileKind.File,
        TarEntryType.Fifo => FileKind.Fifo,
        TarEntryType.CharacterDevice => FileKind.CharacterDevice,
        TarEntryType.BlockDevice => FileKind.BlockDevice,
        // Not asked for: neither hard links nor sparse files, nor what spans several archives.
        _ => throw new InvalidDataException($"\"{entry.Name}\" is a {entry.EntryType}."),
    };

    private static GnuTarEntry LinkOf(GnuTarEntry link, string target)
    {
        link.LinkName = FilePath.CheckTarget(target);
        return link;
    }

    private static GnuTarEntry FileOf(GnuTarEntry file, TarEntry entry)
    {
        if (entry.DataStream is { } data)
            file.DataStream = new FiniteStream(data, entry.Length);
        return file;
    }

    /// <summary>Asks for another window's worth of bytes as soon as one was read; two are under way.</summary>
    private sealed class WindowedOutput(GuestProgram tar) : AsyncReadStream
    {
        private static readonly byte[] Go = [(byte)'\n'];
        private int _read;

        public async Task BeginAsync(CancellationToken cancellation)
        {
            await tar.Input.WriteAsync(Go, cancellation);
            await tar.Input.WriteAsync(Go, cancellation);
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = await tar.ReadAsync(buffer, SftpSession.Patience, cancellationToken);
            _read += count;
            for (; _read >= GuestCommand.Window; _read -= GuestCommand.Window)
                await tar.Input.WriteAsync(Go, cancellationToken);
            return count;
        }

        /// <summary>What is said after the zeros that end the archive.</summary>
        public async Task<string> LastLineAsync(CancellationToken cancellation)
        {
            // Twenty blocks at most, and the line; the program itself waits for more lines.
            var rest = new byte[16 * 1024];
            var count = 0;
            while (count < rest.Length && !rest.AsSpan(0, count).Contains((byte)'\n') && await ReadAsync(rest.AsMemory(count), cancellation) is > 0 and var more)
                count += more;
            return Encoding.UTF8.GetString(rest, 0, count).Trim('\0', '\n');
        }
    }
}
