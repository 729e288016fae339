using AutoProvision.Vms;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>Measures the room for VMs; starts no process.</summary>
public sealed class PoolMeter(PoolPaths paths)
{
    private const long MiB = 1024 * 1024;

    /// <exception cref="FailureException"><c>pool_unusable</c> or <c>disk_full</c>.</exception>
    public HostRoom Measure()
    {
        try
        {
            paths.Ensure();
            return new HostRoom(
                HostMemory.ReadMiB("MemTotal"), HostMemory.ReadMiB("MemAvailable"), new DriveInfo(paths.Directory).AvailableFreeSpace / MiB, UsedBytes() / MiB);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(PoolFailures.Tell(paths.Directory, e), e);
        }
    }

    // A qcow2 grows as it is written to: its length is what it takes up.
    private long UsedBytes() => new DirectoryInfo(paths.Directory).EnumerateFiles("*.qcow2").Sum(Length);

    private static long Length(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            // Deleted since it was listed.
            return 0;
        }
    }
}
