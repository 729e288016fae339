using AutoProvision.Processes;

namespace AutoProvision.HostTests.Support;

/// <summary>A file system of its own, ext4 on a loop device, that can be filled up.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private static readonly ProcessRunner Runner = new(TimeProvider.System);
    private readonly DirectoryInfo _root = System.IO.Directory.CreateTempSubdirectory("autoprovision-disk-");

    /// <summary>A directory on it.</summary>
    public string Directory => Path.Combine(_root.FullName, "mounted");

    private string Image => Path.Combine(_root.FullName, "disk.img");

    private string Filler => Path.Combine(Directory, "filler");

    public static async Task<SmallDisk> MountAsync(int sizeMiB)
    {
        var disk = new SmallDisk();
        try
        {
            // QEMU runs as a user of its own and has to pass through to the disks.
            File.SetUnixFileMode(disk._root.FullName, (UnixFileMode)0b111_101_101);
            System.IO.Directory.CreateDirectory(disk.Directory);
            await Tool.OutputAsync("truncate", "-s", $"{sizeMiB}M", disk.Image);
            // Nothing is held back for root, which the tests run as.
            await Tool.OutputAsync("mkfs.ext4", "-q", "-m", "0", disk.Image);
            await Tool.OutputAsync("mount", "-o", "loop", disk.Image, disk.Directory);
            return disk;
        }
        catch
        {
            await disk.DisposeAsync();
            throw;
        }
    }

    /// <summary>Takes up what is free, but for <paramref name="leftMiB"/>.</summary>
    public void Fill(int leftMiB = 0)
    {
        var free = new DriveInfo(Directory).AvailableFreeSpace - (leftMiB * 1024L * 1024);
        using var file = new FileStream(Filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        // To the last block, since the file system may have told less than there is.
        foreach (var step in new[] { 64 * 1024, 1024 })
        {
            for (; leftMiB == 0 || free >= step; free -= step)
                if (!TryWrite(file, step))
                    break;
        }
    }

    /// <summary>Gives the space back.</summary>
    public void Empty() => File.Delete(Filler);

    /// <summary>Not by the test's own token: a mount that stays would outlive all of this.</summary>
    public async ValueTask DisposeAsync()
    {
        // The loop device goes with the mount.
        if ((await RunAsync("mountpoint", "-q", Directory)).Succeeded && !(await RunAsync("umount", Directory)).Succeeded)
            await RunAsync("umount", "--lazy", Directory);
        _root.Delete(recursive: true);
    }

    private static Task<ProcessResult> RunAsync(string program, params IReadOnlyList<string> arguments) =>
        Runner.RunAsync(new ProcessCommand(program, arguments), CancellationToken.None);

    private static bool TryWrite(FileStream file, int bytes)
    {
        try
        {
            file.Write(new byte[bytes]);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
