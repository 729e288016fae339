using AutoProvision.CloudInit;

namespace AutoProvision.Vms;

/// <summary>The disks beside the root disk.</summary>
internal static class DiskRules
{
    private const string NameHint = "1 to 20 characters of A-Z, a-z, 0-9, \"_\" and \"-\", beginning with a letter or digit.";
    private const string MountHint = "Such as \"/srv/data\"; not \"/\" or within /etc, /usr and the like, and of letters, digits and \"._-+@\" alone.";

    public static IReadOnlyList<VmDisk> Complete(IReadOnlyList<VmDiskRequest>? requested, int maxGiB, FaultList faults)
    {
        var disks = faults.Within("/disks", requested, ListLimits.Disks);
        foreach (var (index, disk) in disks.Index())
            Check(disk, $"/disks/{index}", maxGiB, faults);
        faults.Distinct(disks.Select((disk, index) => ($"/disks/{index}/name", disk.Name)));
        faults.Distinct(disks.Select((disk, index) => ($"/disks/{index}/mountPoint", disk.MountPoint)));
        return [.. disks.Select(disk => new VmDisk(disk.Name ?? "", disk.SizeGiB ?? 0, disk.MountPoint))];
    }

    private static void Check(VmDiskRequest disk, string pointer, int maxGiB, FaultList faults)
    {
        if (disk.Name is null)
            faults.Add($"{pointer}/name", "required", "The disk has no name.", NameHint);
        else
            faults.Check($"{pointer}/name", "name_invalid", NameHint, () => CloudInitRules.DiskName(disk.Name, "Name"));
        if (disk.SizeGiB is null)
            faults.Add($"{pointer}/sizeGiB", "required", "The disk has no size.", $"From 1 to {maxGiB} GiB.");
        else
            faults.InRange($"{pointer}/sizeGiB", disk.SizeGiB.Value, 1, maxGiB, " GiB");
        if (disk.MountPoint is not null)
            faults.Check($"{pointer}/mountPoint", "path_invalid", MountHint, () => CloudInitRules.MountPoint(disk.MountPoint, "Mount point"));
    }
}
