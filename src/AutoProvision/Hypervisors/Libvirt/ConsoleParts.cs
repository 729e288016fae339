using System.Globalization;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>
/// The files that a serial console's log consists of. virtlogd renames a file that has grown to 2 MiB (<c>.log</c> becomes <c>.log.0</c>,
/// that <c>.log.1</c>, and so on) and begins anew. An open file is followed through its renames: /proc tells where it is now.
/// </summary>
/// <param name="path">The newest part's name.</param>
internal sealed class ConsoleParts(string path)
{
    private const string Gone = " (deleted)";

    // Names alone are compared: the directory may have been reached through a symbolic link.
    private readonly string _name = Path.GetFileName(path);

    /// <summary>Opens every part, newest first; none when there is no log.</summary>
    public List<FileStream> OpenAll()
    {
        var parts = new List<FileStream>();
        for (var number = -1; TryOpen(Name(number)) is { } part; number++)
            parts.Add(part);
        // Renamed while they were opened, one may have been met twice.
        foreach (var again in parts.GroupBy(Place).SelectMany(same => same.Skip(1)).ToList())
        {
            parts.Remove(again);
            again.Dispose();
        }
        return parts;
    }

    /// <summary>Whether the log goes on in another file than this one, or nowhere.</summary>
    public bool IsOver(FileStream part) => Place(part) != _name;

    /// <summary>The part that follows one that is over.</summary>
    /// <returns>Null when it is not there yet.</returns>
    public FileStream? OpenNext(FileStream part) => NumberOf(Place(part)) is { } number ? TryOpen(Name(number - 1)) : OpenOldest();

    /// <summary>Whether nothing of the log is left.</summary>
    public bool IsRemoved(FileStream part) => Place(part).EndsWith(Gone, StringComparison.Ordinal) && !File.Exists(path);

    // Only after so many renames at once that the part itself was dropped.
    private FileStream? OpenOldest()
    {
        var parts = OpenAll();
        foreach (var newer in parts.SkipLast(1))
            newer.Dispose();
        return parts.LastOrDefault();
    }

    private string Name(int number) => number < 0 ? path : $"{path}.{number}";

    private int? NumberOf(string place) => place.StartsWith(_name + ".", StringComparison.Ordinal)
        && int.TryParse(place.AsSpan(_name.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string Place(FileStream part) =>
        Path.GetFileName(new FileInfo($"/proc/self/fd/{part.SafeFileHandle.DangerousGetHandle()}").LinkTarget ?? Gone);

    private static FileStream? TryOpen(string name)
    {
        try
        {
            return new FileStream(name, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
