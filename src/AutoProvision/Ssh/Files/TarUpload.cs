using System.Formats.Tar;

namespace AutoProvision.Ssh.Files;

/// <summary>
/// Unpacks a tar archive into a directory of the guest while it arrives, by the guest's own tar where it has one that can. Each file is
/// either whole or not there. Nothing is written or read outside of the directory, see <see cref="ArchivePlace"/>.
/// </summary>
/// <param name="names">The guest's users and groups.</param>
/// <param name="place">Where to.</param>
/// <param name="directory">The same, by its path in the request.</param>
/// <param name="owner">Whom everything is to belong to; null takes the owners of the archive, by name where the guest knows it.</param>
/// <param name="batches">Those of the guest's tar; null where there is none.</param>
internal sealed class TarUpload(AccountNames names, ArchivePlace place, string directory, (uint User, uint Group)? owner, TarBatches? batches)
{
    private const int UnderWay = 64;
    private readonly Dictionary<string, SftpAttributes> _directories = new(StringComparer.Ordinal);

    /// <param name="archive">ustar, pax, GNU or old tar, without compression.</param>
    /// <param name="cancellation">Cuts it off.</param>
    /// <exception cref="InvalidDataException">It is no tar archive, or one that reaches out of the directory.</exception>
    public async Task ReadAsync(Stream archive, CancellationToken cancellation)
    {
        await using var entries = new TarArchive(archive);
        while (await entries.NextAsync(cancellation) is { } entry)
            if (TarItem.Read(entry, directory, owner ?? OwnerOf(entry)) is { } item)
                await UnpackAsync(item, cancellation);
        if (batches is not null)
            await batches.FlushAsync(cancellation);
        // Last and from within: a directory without the right to write takes no more files.
        foreach (var level in _directories.GroupBy(entry => entry.Key.Count(letter => letter == '/')).OrderByDescending(level => level.Key))
            foreach (var some in level.Chunk(UnderWay))
                await Task.WhenAll(some.Select(entry => place.ApplyAsync(entry.Key, entry.Value, cancellation)));
    }

    private async Task UnpackAsync(TarItem item, CancellationToken cancellation)
    {
        if (batches is null || !await batches.TryAddAsync(item, cancellation))
            await place.PutAsync(item, cancellation);
        // Of a directory that comes twice, the last counts.
        if (item.Kind == TarItemKind.Directory)
            _directories[item.Path] = item.Attributes;
    }

    private (uint User, uint Group) OwnerOf(TarEntry entry)
    {
        var (user, group) = entry is PosixTarEntry posix ? (posix.UserName, posix.GroupName) : ("", "");
        return (names.UserNumber(user) ?? (uint)entry.Uid, names.GroupNumber(group) ?? (uint)entry.Gid);
    }
}
