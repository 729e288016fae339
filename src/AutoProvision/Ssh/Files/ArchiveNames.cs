namespace AutoProvision.Ssh.Files;

/// <summary>
/// The names in an archive that is made of a guest's files. The guest may be hostile, and whoever unpacks the archive trusting: each name
/// has to lie in a directory that came just before it, and none may be a link first and something to go through later.
/// </summary>
internal sealed class ArchiveNames
{
    // A directory with more links is nobody's, but one that is made up as it is sent.
    private const int MostLinks = 1_000_000;
    private readonly List<(string Prefix, HashSet<string> Links)> _open = [("", [])];

    /// <param name="name">Relative to the archive's directory, without "./" and without a slash at the end.</param>
    /// <param name="kind">What it is of.</param>
    /// <exception cref="InvalidDataException"/>
    public void Add(string name, FileKind kind)
    {
        if (!IsPlain(name))
            throw Bad(name);
        while (!name.StartsWith(_open[^1].Prefix, StringComparison.Ordinal))
            _open.RemoveAt(_open.Count - 1);
        var (prefix, links) = _open[^1];
        var last = name[prefix.Length..];
        if (last.Contains('/', StringComparison.Ordinal) || links.Contains(last))
            throw Bad(name);
        if (kind == FileKind.Directory)
            _open.Add((name + "/", []));
        if (kind == FileKind.Symlink && (!links.Add(last) || links.Count > MostLinks))
            throw Bad(name);
    }

    // Absolute, with "." or "..", or longer than a guest can have it: none of these is one of its directory's files.
    private static bool IsPlain(string name)
    {
        try
        {
            return FilePath.Check("/" + name) == "/" + name && name.Length > 0 && !name.Contains('\0', StringComparison.Ordinal);
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static InvalidDataException Bad(string name) => new($"The guest's archive has a file \"{name}\", which is in none of its directories.");
}
