namespace AutoProvision.Images.Downloads;

internal static class FreeSpace
{
    /// <summary>Stops a download that cannot fit before it fills the disk for everybody.</summary>
    /// <param name="path">The file that is to grow.</param>
    /// <param name="bytes">Still to come; null when unknown, which passes.</param>
    /// <exception cref="Vms.FailureException"><c>image_disk_full</c>.</exception>
    public static void Require(string path, long? bytes)
    {
        var free = new DriveInfo(Path.GetDirectoryName(path)!).AvailableFreeSpace;
        if (bytes > free)
            throw ImageFailures.DiskFull(path, $"{bytes / 1048576} MiB are to come and {free / 1048576} MiB are free.");
    }
}
