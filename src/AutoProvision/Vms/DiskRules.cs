using System.Text.RegularExpressions;
using AutoProvision.CloudInit;

namespace AutoProvision.Vms;

/// <summary>The disks beside the root disk.</summary>
internal static partial class DiskRules
{
    private const int Most = 8;
    private const string NameHint = "1 to 20 characters of A-Z, a-z, 0-9, \"_\" and \"-\", beginning with a letter or digit.";
    private const string MountHint = "Such as \"/srv/data\"; not \"/\", and without white space.";

    public static IReadOnlyList<VmDisk> Complete(IReadOnlyList<VmDiskRequest>? disks, int maxGiB, FaultList faults)
    {
        faults.AtMost("/disks", disks?.Count ?? 0, Most);
        foreach (var (index, disk) in (disks ?? []).Index())
            Check(disk, $"/disks/{index}", maxGiB, faults);
        faults.Distinct((disks ?? []).Select((disk, index) => ($"/disks/{index}/name", disk.Name)));
        faults.Distinct((disks ?? []).Select((disk, index) => ($"/disks/{index}/mountPoint", disk.MountPoint)));
        return [.. (disks ?? []).Select(disk => new VmDisk(disk.Name ?? "", disk.SizeGiB ?? 0, disk.MountPoint))];
    }

    private static void Check(VmDiskRequest disk, string pointer, int maxGiB, FaultList faults)
    {
        if (disk.Name is null)
            faults.Add($"{pointer}/name", "required", "The disk has no name.", NameHint);
        else if (!Serial().IsMatch(disk.Name))
            faults.Add($"{pointer}/name", "name_invalid", $"\"{disk.Name}\" is no name of a disk.", NameHint);
        if (disk.SizeGiB is null)
            faults.Add($"{pointer}/sizeGiB", "required", "The disk has no size.", $"From 1 to {maxGiB} GiB.");
        else
            faults.InRange($"{pointer}/sizeGiB", disk.SizeGiB.Value, 1, maxGiB, " GiB");
        if (disk.MountPoint is null)
            return;
        faults.Check($"{pointer}/mountPoint", "path_invalid", MountHint, () => CloudInitRules.AbsolutePath(disk.MountPoint, "Mount point"));
        // They separate the fields of /etc/fstab.
        if (disk.MountPoint.Any(char.IsWhiteSpace))
            faults.Add($"{pointer}/mountPoint", "path_invalid", "The mount point holds white space.", MountHint);
    }

    // A virtio disk's serial number has 20 bytes (VIRTIO_BLK_ID_BYTES, VIRTIO 1.2, section 5.2.6).
    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9_-]{0,19}\z")]
    private static partial Regex Serial();
}
