using System.Formats.Tar;

namespace AutoProvision.Ssh.Files;

internal enum TarItemKind
{
    Directory,
    File,
    Symlink,
    HardLink,
}

/// <summary>An entry of an archive that came with a request, checked: its name lies in the directory that it is unpacked into.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Path">Where it goes, absolute.</param>
/// <param name="Attributes">Mode, owner and time that it is to have.</param>
/// <param name="Target">Of a symbolic link, as it is; of a hard link, the path of the other name.</param>
/// <param name="Content">Of a file; to be read before the next entry.</param>
/// <param name="Size">How much.</param>
internal sealed record TarItem(TarItemKind Kind, string Path, SftpAttributes Attributes, string Target, Stream Content, long Size)
{
    /// <param name="entry">The archive's.</param>
    /// <param name="directory">What it is unpacked into.</param>
    /// <param name="owner">To whom it belongs.</param>
    /// <returns>Null for one that is of no file.</returns>
    /// <exception cref="InvalidDataException"/>
    /// <exception cref="ArgumentException">A name that no guest can hold.</exception>
    public static TarItem? Read(TarEntry entry, string directory, (uint User, uint Group) owner)
    {
        if (entry.EntryType == TarEntryType.GlobalExtendedAttributes)
            return null;
        var kind = KindOf(entry);
        var attributes = new SftpAttributes(Owner: owner, Mode: (uint)entry.Mode & 0xFFF, ModifiedAt: (uint)Math.Clamp(entry.ModificationTime.ToUnixTimeSeconds(), 0, uint.MaxValue));
        var path = Place(entry.Name, directory);
        var target = kind switch
        {
            TarItemKind.Symlink => FilePath.CheckTarget(entry.LinkName),
            TarItemKind.HardLink => Place(entry.LinkName, directory),
            _ => "",
        };
        var content = kind == TarItemKind.File && entry.DataStream is { } data ? new FiniteStream(data, entry.Length) : Stream.Null;
        return new TarItem(kind, path, attributes, target, content, kind == TarItemKind.File ? entry.Length : 0);
    }

    private static TarItemKind KindOf(TarEntry entry) => entry.EntryType switch
    {
        TarEntryType.Directory => TarItemKind.Directory,
        TarEntryType.SymbolicLink => TarItemKind.Symlink,
        TarEntryType.HardLink => TarItemKind.HardLink,
        TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile => IsSparse(entry)
            ? throw new InvalidDataException($"The archive holds \"{entry.Name}\" as a sparse file: leave \"tar -S\" out, and have bsdtar make none by --no-read-sparse.")
            : TarItemKind.File,
        _ => throw new InvalidDataException($"The archive holds \"{entry.Name}\", which is a {entry.EntryType}; files, directories and links can be unpacked."),
    };

    // What GNU tar makes of holes in its pax format is not what .NET reads.
    private static bool IsSparse(TarEntry entry) =>
        entry is PaxTarEntry pax && pax.ExtendedAttributes.Keys.Any(key => key.StartsWith("GNU.sparse.", StringComparison.Ordinal));

    // A leading "/" is dropped, as tar itself does.
    private static string Place(string name, string directory)
    {
        var parts = name.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".").ToList();
        if (parts.Contains(".."))
            throw new InvalidDataException($"The archive's \"{name}\" lies outside of the directory.");
        return parts.Count == 0 ? directory : FilePath.Check(FilePath.In(directory, string.Join('/', parts)));
    }
}
