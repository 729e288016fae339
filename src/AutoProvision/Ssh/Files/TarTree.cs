namespace AutoProvision.Ssh.Files;

/// <summary>
/// What one run of the guest's tar is given: each name once, and nothing below anything but a directory of the same run. So its tar can
/// neither go through a link nor replace anything, whatever it would do then.
/// </summary>
/// <param name="most">How many names are kept in memory of an archive, however long it is.</param>
internal sealed class TarTree(int most = TarTree.Most)
{
    public const int Most = 20_000;
    private readonly Dictionary<string, bool> _isDirectory = new(StringComparer.Ordinal);
    private readonly HashSet<string> _copied = new(StringComparer.Ordinal);

    public bool IsFull => _isDirectory.Count >= most;

    /// <summary>Those that were added or are above what was, by their names relative to the root.</summary>
    public IEnumerable<string> Directories => _isDirectory.Where(entry => entry.Value).Select(entry => entry.Key);

    /// <summary>Takes a name in.</summary>
    /// <param name="name">Relative to the root, such as "a/b".</param>
    /// <param name="isDirectory">Whether there may be something below it.</param>
    /// <returns>The directories that are new by it, itself among them, from above; null where it does not fit beside the others.</returns>
    public List<string>? TryAdd(string name, bool isDirectory)
    {
        var made = new List<string>();
        for (var at = name.IndexOf('/'); at >= 0; at = name.IndexOf('/', at + 1))
        {
            var above = name[..at];
            if (!_isDirectory.TryGetValue(above, out var mayHold))
                made.Add(above);
            else if (!mayHold)
                return null;
        }
        if (_isDirectory.TryGetValue(name, out var isThere) && !(isThere && isDirectory) || !isDirectory && _copied.Contains(name))
            return null;
        if (isDirectory && !_isDirectory.ContainsKey(name))
            made.Add(name);
        foreach (var directory in made)
            _isDirectory[directory] = true;
        _isDirectory[name] = isDirectory;
        return made;
    }

    /// <summary>Takes the name of a copy in, which is made of another file once all are in their places.</summary>
    /// <inheritdoc cref="TryAdd" path="/returns"/>
    public List<string>? TryAddCopy(string from, string to)
    {
        if (TryAdd(to, isDirectory: false) is not { } made)
            return null;
        // Until then nothing may come where the other file is, or above it.
        _copied.Add(from);
        for (var at = from.IndexOf('/'); at >= 0; at = from.IndexOf('/', at + 1))
            _copied.Add(from[..at]);
        return made;
    }
}
