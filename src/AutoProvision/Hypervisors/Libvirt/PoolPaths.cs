using Microsoft.Extensions.Options;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>The files of a VM in the pool directory; each name starts with the VM's id.</summary>
public sealed class PoolPaths(IOptions<LibvirtOptions> options)
{
    public string Directory { get; } = options.Value.PoolDirectory;

    public string Disk(Guid id) => Path.Combine(Directory, $"{id}.qcow2");

    /// <param name="id">The VM.</param>
    /// <param name="index">From 0.</param>
    public string DataDisk(Guid id, int index) => Path.Combine(Directory, $"{id}.data{index}.qcow2");

    /// <summary>The disks that are there: the root disk, then the others.</summary>
    public IEnumerable<string> Disks(Guid id) => !System.IO.Directory.Exists(Directory) ? []
        : System.IO.Directory.GetFiles(Directory, $"{id}*.qcow2").Where(path => path == Disk(id) || IsDataDisk(path, id))
            .OrderBy(path => path.Length).ThenBy(path => path, StringComparer.Ordinal);

    public string Seed(Guid id) => Path.Combine(Directory, $"{id}.seed.iso");

    /// <summary>Where the seed's files are while its image is made.</summary>
    public string SeedFiles(Guid id) => Path.Combine(Directory, $"{id}.seed.d");

    public string Console(Guid id) => Path.Combine(Directory, $"{id}.console.log");

    /// <summary>The console's log and what virtlogd has put aside of it: three parts of 2 MiB, with a number behind the name, unless virtlogd.conf says otherwise.</summary>
    public IEnumerable<string> ConsoleParts(Guid id) => !System.IO.Directory.Exists(Directory) ? []
        : System.IO.Directory.GetFiles(Directory, $"{id}.console.log*").Where(path => IsConsole(path, id));

    /// <summary>Every file or directory that is named after an id as those above are; none when there is no pool yet.</summary>
    public IEnumerable<(Guid Id, string Path)> Files()
    {
        if (!System.IO.Directory.Exists(Directory))
            yield break;
        foreach (var path in System.IO.Directory.EnumerateFileSystemEntries(Directory))
        {
            if (Guid.TryParseExact(Path.GetFileName(path).Split('.')[0], "D", out var id) && (path == Disk(id) || IsDataDisk(path, id) || path == Seed(id) || path == SeedFiles(id) || IsConsole(path, id)))
                yield return (id, path);
        }
    }

    private bool IsConsole(string path, Guid id) => path == Console(id) || IsNumbered(path, Console(id) + ".", "");

    private bool IsDataDisk(string path, Guid id) => IsNumbered(path, Path.Combine(Directory, $"{id}.data"), ".qcow2");

    private static bool IsNumbered(string path, string before, string after) =>
        path.Length > before.Length + after.Length && path.StartsWith(before, StringComparison.Ordinal) && path.EndsWith(after, StringComparison.Ordinal)
        && !path.AsSpan()[before.Length..^after.Length].ContainsAnyExceptInRange('0', '9');

    /// <summary>Writes a little and takes it away again: a directory may be there and yet be full or read-only.</summary>
    /// <exception cref="IOException">It cannot be written to; likewise <see cref="UnauthorizedAccessException"/>.</exception>
    public void Probe()
    {
        Ensure();
        // One name, so that killed services leave one file at most; shared, because several may look at once.
        using var file = new FileStream(Path.Combine(Directory, ".probe"), FileMode.Create, FileAccess.Write,
            FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.DeleteOnClose);
        file.Write(new byte[4096]);
    }

    /// <summary>Makes the directory, open enough for QEMU's own user to pass through; one that is there keeps its mode.</summary>
    public void Ensure()
    {
        if (System.IO.Directory.Exists(Directory))
            return;
        // Not as an argument: the service's umask would take from it.
        System.IO.Directory.CreateDirectory(Directory).UnixFileMode =
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    }

    /// <summary>Removes a file that may be gone already, with its directory even.</summary>
    public static void Remove(string path)
    {
        if (File.Exists(path))
            File.Delete(path);
    }
}
