using System.Runtime.CompilerServices;

namespace AutoProvision.Ssh.Files;

/// <summary>What can be asked of an SFTP server, one method a request. Refusals are <see cref="SftpException"/>.</summary>
internal sealed class Sftp(SftpSession session) : IAsyncDisposable
{
    private const string FileSystemStat = "statvfs@openssh.com";
    private const string Sync = "fsync@openssh.com";
    private const string LinkSetStat = "lsetstat@openssh.com";

    public static async Task<Sftp> OpenAsync(ISshChannel channel, TimeProvider time, CancellationToken cancellation) =>
        new(await SftpSession.OpenAsync(channel, time, cancellation));

    /// <inheritdoc cref="SftpSession.IsRoot"/>
    public bool IsRoot => session.IsRoot;

    /// <inheritdoc cref="SftpSession.Ending"/>
    public CancellationToken Ending => session.Ending;

    /// <inheritdoc cref="SftpSession.EndedBy"/>
    public SftpEndedException? EndedBy => session.EndedBy;

    public ValueTask DisposeAsync() => session.DisposeAsync();

    /// <summary>Of what a symbolic link leads to.</summary>
    /// <returns>Null when there is nothing.</returns>
    public Task<SftpAttributes?> FindAsync(string path, CancellationToken cancellation) => OrNullAsync(AttributesAsync(SftpPacket.Stat, path, cancellation));

    /// <summary>Of a symbolic link itself.</summary>
    /// <inheritdoc cref="FindAsync" path="/returns"/>
    public Task<SftpAttributes?> FindLinkAsync(string path, CancellationToken cancellation) => OrNullAsync(AttributesAsync(SftpPacket.LinkStat, path, cancellation));

    public async Task<byte[]> OpenFileAsync(string path, SftpOpen flags, CancellationToken cancellation)
    {
        var mode = new SftpAttributes(Mode: flags.HasFlag(SftpOpen.Create) ? 0b110_000_000u : null);
        var reply = await AskAsync(SftpPacket.Open, SftpPacket.Handle, it => it.Text(path).UInt32((uint)flags).Attributes(mode), cancellation);
        return new SftpReader(reply.Span).Bytes().ToArray();
    }

    public Task CloseAsync(byte[] handle, CancellationToken cancellation) => DoAsync(SftpPacket.Close, it => it.Bytes(handle), cancellation);

    /// <summary>The same for a file that was written: a guest may bring it to its disk first.</summary>
    public Task CloseWrittenAsync(byte[] handle, CancellationToken cancellation) => FlushAsync(SftpPacket.Close, it => it.Bytes(handle), cancellation);

    /// <summary>At most <paramref name="count"/> bytes; none at the file's end.</summary>
    public async Task<ReadOnlyMemory<byte>> ReadAsync(byte[] handle, long offset, int count, CancellationToken cancellation)
    {
        try
        {
            var data = await AskAsync(SftpPacket.Read, SftpPacket.Data, it => it.Bytes(handle).UInt64((ulong)offset).UInt32((uint)count), cancellation);
            // Its length is in front of it.
            return data[4..];
        }
        catch (SftpException e) when (e.Status == SftpStatus.EndOfFile)
        {
            return default;
        }
    }

    public Task WriteAsync(byte[] handle, long offset, ReadOnlyMemory<byte> data, CancellationToken cancellation) =>
        DoAsync(SftpPacket.Write, it => it.Bytes(handle).UInt64((ulong)offset).Bytes(data.Span), cancellation);

    public async Task<SftpAttributes> StatHandleAsync(byte[] handle, CancellationToken cancellation)
    {
        var reply = await AskAsync(SftpPacket.HandleStat, SftpPacket.Attributes, it => it.Bytes(handle), cancellation);
        return new SftpReader(reply.Span).Attributes();
    }

    public Task SetAsync(byte[] handle, SftpAttributes change, CancellationToken cancellation) =>
        DoAsync(SftpPacket.SetHandleStat, it => it.Bytes(handle).Attributes(change), cancellation);

    public Task SetAsync(string path, SftpAttributes change, CancellationToken cancellation) =>
        DoAsync(SftpPacket.SetStat, it => it.Text(path).Attributes(change), cancellation);

    /// <summary>The same for a symbolic link itself; servers before OpenSSH 8.1 leave it as it is.</summary>
    public Task SetLinkAsync(string path, SftpAttributes change, CancellationToken cancellation) => session.Extensions.Contains(LinkSetStat)
        ? DoAsync(SftpPacket.Extended, it => it.Text(LinkSetStat).Text(path).Attributes(change), cancellation)
        : Task.CompletedTask;

    public Task MakeDirectoryAsync(string path, CancellationToken cancellation) =>
        DoAsync(SftpPacket.MakeDirectory, it => it.Text(path).Attributes(new SftpAttributes(Mode: 0b111_101_101)), cancellation);

    public Task RemoveAsync(string path, CancellationToken cancellation) => DoAsync(SftpPacket.Remove, it => it.Text(path), cancellation);

    public Task RemoveDirectoryAsync(string path, CancellationToken cancellation) => DoAsync(SftpPacket.RemoveDirectory, it => it.Text(path), cancellation);

    /// <summary>Takes the new name's place in one step, as rename(2) does; SFTP's own RENAME refuses a name that is taken.</summary>
    public Task RenameAsync(string from, string to, CancellationToken cancellation) =>
        DoAsync(SftpPacket.Extended, it => it.Text("posix-rename@openssh.com").Text(from).Text(to), cancellation);

    /// <summary>OpenSSH takes the two the other way round than the draft says (its PROTOCOL file, section 4.1).</summary>
    public Task SymlinkAsync(string target, string link, CancellationToken cancellation) =>
        DoAsync(SftpPacket.Symlink, it => it.Text(target).Text(link), cancellation);

    public Task<string> ReadLinkAsync(string path, CancellationToken cancellation) => NameAsync(SftpPacket.ReadLink, path, cancellation);

    /// <summary>Without symbolic links; the last part need not be there.</summary>
    public Task<string> RealPathAsync(string path, CancellationToken cancellation) => NameAsync(SftpPacket.RealPath, path, cancellation);

    /// <summary>Brings what was written to the disk, where the server can.</summary>
    public Task SyncAsync(byte[] handle, CancellationToken cancellation) => session.Extensions.Contains(Sync)
        ? FlushAsync(SftpPacket.Extended, it => it.Text(Sync).Bytes(handle), cancellation)
        : Task.CompletedTask;

    /// <summary>Free bytes of the file system, and free places for files; null where the server does not tell.</summary>
    public async Task<(ulong Bytes, ulong Files)?> FindRoomAsync(string path, CancellationToken cancellation)
    {
        if (!session.Extensions.Contains(FileSystemStat))
            return null;
        var reply = await AskAsync(SftpPacket.Extended, SftpPacket.ExtendedReply, it => it.Text(FileSystemStat).Text(path), cancellation);
        return ReadRoom(reply.Span);
    }

    /// <summary>Does nothing where a directory may be listed.</summary>
    public async Task CheckListableAsync(string path, CancellationToken cancellation) =>
        await CloseAsync(await OpenDirectoryAsync(path, cancellation), cancellation);

    /// <summary>The entries of a directory but for "." and "..", in its own order.</summary>
    public async IAsyncEnumerable<SftpEntry> ListAsync(string path, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var handle = await OpenDirectoryAsync(path, cancellation);
        while (await NextAsync(handle, cancellation) is { Count: > 0 } entries)
            foreach (var entry in entries.Where(entry => entry.Name is not ("." or "..")))
                yield return IsName(entry.Name) ? entry : throw new SftpEndedException($"The SFTP server lists a file \"{entry.Name}\", which is the name of none.");
        // Whoever stops in the middle closes the session.
        await CloseAsync(handle, cancellation);
    }

    // A hostile guest's server could make its client write or read elsewhere.
    private static bool IsName(string name) => name.Length > 0 && name.AsSpan().IndexOfAny('/', '\0') < 0;

    private async Task<byte[]> OpenDirectoryAsync(string path, CancellationToken cancellation)
    {
        var opened = await AskAsync(SftpPacket.OpenDirectory, SftpPacket.Handle, it => it.Text(path), cancellation);
        return new SftpReader(opened.Span).Bytes().ToArray();
    }

    private async Task<List<SftpEntry>> NextAsync(byte[] handle, CancellationToken cancellation)
    {
        try
        {
            return ReadEntries((await AskAsync(SftpPacket.ReadDirectory, SftpPacket.Name, it => it.Bytes(handle), cancellation)).Span);
        }
        catch (SftpException e) when (e.Status == SftpStatus.EndOfFile)
        {
            return [];
        }
    }

    private async Task<string> NameAsync(SftpPacket type, string path, CancellationToken cancellation) =>
        ReadEntries((await AskAsync(type, SftpPacket.Name, it => it.Text(path), cancellation)).Span)[0].Name;

    private async Task<SftpAttributes> AttributesAsync(SftpPacket type, string path, CancellationToken cancellation)
    {
        var reply = await AskAsync(type, SftpPacket.Attributes, it => it.Text(path), cancellation);
        return new SftpReader(reply.Span).Attributes();
    }

    private static async Task<SftpAttributes?> OrNullAsync(Task<SftpAttributes> asked)
    {
        try
        {
            return await asked;
        }
        catch (SftpException e) when (e.Status == SftpStatus.NoSuchFile)
        {
            return null;
        }
    }

    private async Task DoAsync(SftpPacket type, Func<SftpWriter, SftpWriter> fields, CancellationToken cancellation) =>
        await AskAsync(type, SftpPacket.Status, fields, cancellation);

    private async Task FlushAsync(SftpPacket type, Func<SftpWriter, SftpWriter> fields, CancellationToken cancellation) =>
        await AskAsync(type, SftpPacket.Status, fields, cancellation, SftpSession.FlushPatience);

    private async Task<ReadOnlyMemory<byte>> AskAsync(
        SftpPacket type, SftpPacket wanted, Func<SftpWriter, SftpWriter> fields, CancellationToken cancellation, TimeSpan? patience = null)
    {
        var reply = await session.SendAsync(type, fields, patience, cancellation);
        if (reply.Type == SftpPacket.Status)
            ThrowUnlessOk(reply.Body.Span);
        return reply.Type == wanted ? reply.Body : throw new SftpEndedException($"The SFTP server answered {type} with {reply.Type}.");
    }

    private static void ThrowUnlessOk(ReadOnlySpan<byte> body)
    {
        var reader = new SftpReader(body);
        var status = (SftpStatus)reader.UInt32();
        if (status != SftpStatus.Ok)
            throw new SftpException(status, reader.IsAtEnd ? $"{status}" : reader.Text());
    }

    private static List<SftpEntry> ReadEntries(ReadOnlySpan<byte> body)
    {
        var reader = new SftpReader(body);
        var entries = new List<SftpEntry>();
        for (var left = reader.UInt32(); left > 0; left--)
        {
            var name = reader.Text();
            // As "ls -l" shows it; the attributes say the same.
            reader.Bytes();
            entries.Add(new SftpEntry(name, reader.Attributes()));
        }
        return entries;
    }

    private static (ulong Bytes, ulong Files) ReadRoom(ReadOnlySpan<byte> body)
    {
        var reader = new SftpReader(body);
        // f_bsize, f_frsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree
        Span<ulong> values = stackalloc ulong[7];
        foreach (ref var value in values)
            value = reader.UInt64();
        // Some file systems have no fixed number of files and say 0 of 0.
        return (values[1] * values[3], values[5] == 0 ? 1 : values[6]);
    }
}
