namespace AutoProvision.Ssh.Files;

/// <summary>
/// The names in an archive that is made of a guest's files. The guest may be hostile, and whoever unpacks the archive trusting: each name
/// has to lie in a directory that came just before it, and none may be a link first and something to go through later. So a directory
/// comes once, with all that is in it: one that came again could be a naive unpacker's way through a link that came in it before.
/// </summary>
/// <param name="mostCharacters">Of the names that are remembered at a time: directories with more of them are nobody's, but made up as they are sent.</param>
internal sealed class ArchiveNames(int mostCharacters = 64 * 1024 * 1024)
{
    // What a name takes beside its characters.
    private const int Overhead = 32;

    // Directories on the way to the last name, with the directories and links in them. What is in one that was left need not be remembered: it does not come again.
    private readonly List<(string Prefix, HashSet<string> Names)> _open = [("", [])];
    private int _characters;

    /// <param name="name">Relative to the archive's directory, without "./" and without a slash at the end.</param>
    /// <param name="kind">What it is of.</param>
    /// <exception cref="InvalidDataException"/>
    public void Add(string name, FileKind kind)
    {
        if (!IsPlain(name))
            throw Bad(name);
        while (!name.StartsWith(_open[^1].Prefix, StringComparison.Ordinal))
            Leave();
        var (prefix, names) = _open[^1];
        var last = name[prefix.Length..];
        if (last.Contains('/', StringComparison.Ordinal) || names.Contains(last))
            throw Bad(name);
        if (kind is not (FileKind.Directory or FileKind.Symlink))
            return;
        names.Add(last);
        _characters += Cost(last);
        if (_characters > mostCharacters)
            throw Bad(name);
        if (kind == FileKind.Directory)
            _open.Add((name + "/", []));
    }

    private void Leave()
    {
        _characters -= _open[^1].Names.Sum(name => Cost(name));
        _open.RemoveAt(_open.Count - 1);
    }

    private static int Cost(string name) => name.Length + Overhead;

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

    private static InvalidDataException Bad(string name) => new($"The guest's archive has a file \"{name}\", which is in none of its directories, or came before.");
}
