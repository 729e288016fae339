using AutoProvision.Vms;

namespace AutoProvision.Ssh.Files;

/// <summary>What can be done with the files of a guest in one session.</summary>
/// <param name="sftp">The session.</param>
/// <param name="user">The VM's user.</param>
/// <param name="programs">Runs the guest's own tar and rm, which are faster; null does everything over SFTP.</param>
internal sealed class RemoteFiles(Sftp sftp, string user, GuestPrograms? programs = null)
{
    private const int MostEntries = 10_000;
    private const uint WorldWritable = 0b010;
    private const uint NewFileMode = 0b110_100_100;

    /// <param name="path">A file or directory.</param>
    /// <param name="stopping">Ends what is read of it.</param>
    /// <param name="cancellation">Ends the opening.</param>
    /// <returns>It, with the session.</returns>
    public async Task<GuestFile> OpenAsync(string path, CancellationToken stopping, CancellationToken cancellation)
    {
        var attributes = await sftp.FindAsync(path, cancellation) ?? throw FileFailures.NotFound(path);
        var names = await AccountNames.ReadAsync(sftp, cancellation);
        if (attributes.Kind == FileKind.Directory)
        {
            // What it is refused for now has an answer of its own; later an archive would only break off.
            await sftp.CheckListableAsync(path, cancellation);
            return new GuestFile(sftp, names, path, attributes, null, stopping, programs);
        }
        if (attributes.Kind != FileKind.File)
            throw FileFailures.NotRegular(path, attributes.Kind);
        var handle = await sftp.OpenFileAsync(path, SftpOpen.Read, cancellation);
        // Again, of the very file that is open; those of /proc say 0 and hold something.
        attributes = await sftp.StatHandleAsync(handle, cancellation);
        var isLonger = attributes.Size is null or 0 && !(await sftp.ReadAsync(handle, 0, 1, cancellation)).IsEmpty;
        return new GuestFile(sftp, names, path, attributes, new SftpReadStream(sftp, handle, isLonger ? null : attributes.Size ?? 0, stopping), stopping);
    }

    public async Task<GuestFileStat> StatAsync(string path, CancellationToken cancellation)
    {
        var attributes = await sftp.FindAsync(path, cancellation) ?? throw FileFailures.NotFound(path);
        var names = await AccountNames.ReadAsync(sftp, cancellation);
        var stat = GuestFileStat.From(FilePath.Name(path), attributes, names);
        if (attributes.Kind != FileKind.Directory)
            return stat;
        var entries = await sftp.ListAsync(path, cancellation).Take(MostEntries + 1).ToListAsync(cancellation);
        return stat with
        {
            Entries = [.. entries.Take(MostEntries).Select(entry => GuestFileStat.From(entry.Name, entry.Attributes, names)).OrderBy(entry => entry.Name, StringComparer.Ordinal)],
            Truncated = entries.Count > MostEntries,
        };
    }

    /// <inheritdoc cref="GuestFiles.WriteAsync"/>
    public async Task<bool> WriteAsync(GuestFileOrder order, string temporary, Stream content, CancellationToken cancellation)
    {
        var path = await sftp.FindLinkAsync(order.Path, cancellation) is { Kind: FileKind.Symlink } ? await sftp.RealPathAsync(order.Path, cancellation) : order.Path;
        var old = await sftp.FindAsync(path, cancellation);
        if (old is { Kind: FileKind.Directory })
            throw FileFailures.IsDirectory(path);
        if (old is { Kind: not FileKind.File })
            throw FileFailures.NotRegular(path, old.Kind);
        var directory = await DirectoryAsync(FilePath.Parent(path), order, cancellation);
        var attributes = new SftpAttributes(Owner: await OwnerAsync(order, old, directory, cancellation), Mode: order.Mode ?? (uint?)old?.Permissions ?? NewFileMode);
        await new SftpUpload(sftp).WriteAsync(FilePath.In(FilePath.Parent(path), temporary), path, content, attributes, durable: true, cancellation);
        return old is null;
    }

    /// <param name="order">Where to.</param>
    /// <param name="temporary">What is not whole is called so.</param>
    /// <param name="archive">What to unpack.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <param name="early">A tar that was started already, see <see cref="TarBatches"/>; it stays the caller's where it is not used.</param>
    /// <inheritdoc cref="GuestFiles.UnpackAsync"/>
    public async Task<bool> UnpackAsync(GuestFileOrder order, string temporary, Stream archive, CancellationToken cancellation, Task<GuestProgram?>? early = null)
    {
        var old = await sftp.FindAsync(order.Path, cancellation);
        if (old is { Kind: not FileKind.Directory })
            throw FileFailures.NotDirectory(order.Path);
        if (old is null && !order.Parents)
            await DirectoryAsync(FilePath.Parent(order.Path), order, cancellation);
        var names = await AccountNames.ReadAsync(sftp, cancellation);
        var owner = order.Owner is null ? ((uint User, uint Group)?)null : names.Find(order.Owner) ?? throw FileFailures.NoSuchOwner(order.Owner);
        if (old is null)
            await new RemoteDirectories(sftp).MakeAsync(order.Path, owner, cancellation);
        var mark = await MarkAsync(FilePath.In(order.Path, SftpCommand.Mark(temporary)), cancellation);
        var upload = new SftpUpload(sftp);
        var place = new ArchivePlace(sftp, upload, await sftp.RealPathAsync(order.Path, cancellation), temporary, owner);
        await using var batches = programs is null ? null : new TarBatches(sftp, programs, place, order.Path, temporary, owner, early);
        try
        {
            await new TarUpload(names, place, order.Path, owner, batches).ReadAsync(archive, cancellation);
        }
        // What the reader says of bytes that are no archive, or of half of one.
        catch (Exception e) when (e is InvalidDataException or FormatException or EndOfStreamException or ArgumentException or NotSupportedException)
        {
            throw FileFailures.TarInvalid(e);
        }
        finally
        {
            // Where something is left, the guest's own sweep needs the mark, and removes it as well.
            if (mark is not null && !upload.HasLeft)
                await upload.RemoveAsync(mark);
            if (batches is { HasLeft: true })
                await ClearAsync(batches, FilePath.In(order.Path, SftpCommand.Stage(temporary)), cancellation);
        }
        return old is null;
    }

    private async Task<string?> MarkAsync(string path, CancellationToken cancellation)
    {
        try
        {
            await sftp.CloseAsync(await sftp.OpenFileAsync(path, SftpOpen.Write | SftpOpen.Create | SftpOpen.Exclusive, cancellation), cancellation);
            return path;
        }
        catch (SftpException)
        {
            // What cannot be written there shows with the archive's own files, or goes only further down.
            return null;
        }
    }

    // So that it is gone when the failure is told. Where nobody waits any more, the guest's own sweep is enough.
    private async Task ClearAsync(TarBatches batches, string stage, CancellationToken cancellation)
    {
        await batches.DisposeAsync();
        if (cancellation.IsCancellationRequested)
            return;
        try
        {
            await programs!.TryRunAsync(GuestCommand.Remove(stage), cancellation);
        }
        catch (Exception e) when (e is SftpEndedException or OperationCanceledException)
        {
            // The failure that led here is what is told.
        }
    }

    public async Task DeleteAsync(GuestFileOrder order, CancellationToken cancellation)
    {
        var attributes = await sftp.FindLinkAsync(order.Path, cancellation) ?? throw FileFailures.NotFound(order.Path);
        if (attributes.Kind != FileKind.Directory)
            await sftp.RemoveAsync(order.Path, cancellation);
        else if (order.Recursive)
            await RemoveAsync(order.Path, cancellation);
        else if (await sftp.ListAsync(order.Path, cancellation).AnyAsync(cancellation))
            throw FileFailures.NotEmpty(order.Path);
        else
            await sftp.RemoveDirectoryAsync(order.Path, cancellation);
    }

    // What the guest's own rm leaves, SFTP removes or says why not.
    private async Task RemoveAsync(string path, CancellationToken cancellation)
    {
        if (programs is null || !await programs.TryRunAsync(GuestCommand.Remove(path), cancellation))
            await new RemoteDirectories(sftp).RemoveAsync(path, cancellation);
    }

    private async Task<SftpAttributes> DirectoryAsync(string path, GuestFileOrder order, CancellationToken cancellation)
    {
        if (await sftp.FindAsync(path, cancellation) is { } there)
            return there.Kind == FileKind.Directory ? there : throw FileFailures.NotDirectory(path);
        if (!order.Parents)
            throw FileFailures.NoDirectory(order.Path);
        await new RemoteDirectories(sftp).MakeAsync(path, owner: null, cancellation);
        return await sftp.FindAsync(path, cancellation) ?? throw FileFailures.NotFound(path);
    }

    private async Task<(uint User, uint Group)?> OwnerAsync(GuestFileOrder order, SftpAttributes? old, SftpAttributes directory, CancellationToken cancellation)
    {
        if (order.Owner is null && old is not null)
            return old.Owner;
        if (order.Owner is null && (directory.Mode & WorldWritable) == 0)
            return directory.Owner;
        var owner = order.Owner ?? user;
        return (await AccountNames.ReadAsync(sftp, cancellation)).Find(owner) ?? throw FileFailures.NoSuchOwner(owner);
    }
}
