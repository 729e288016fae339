using System.ComponentModel.DataAnnotations;

namespace AutoProvision.Vms;

/// <summary>Section <c>Admission</c> of the settings: how much of the host's memory and disk VMs may be promised.</summary>
public sealed class AdmissionOptions
{
    public const string Section = "Admission";

    /// <summary>How many times over the memory may be promised. Guests do not always use all of theirs, but those that do are killed.</summary>
    [Range(0.1, 100, ErrorMessage = "Admission:MemoryOvercommit must be between 0.1 and 100.")]
    public double MemoryOvercommit { get; set; } = 1.0;

    /// <summary>How many times over the free disk may be promised. Disks are thin: they take up what was written to them.</summary>
    [Range(0.1, 100, ErrorMessage = "Admission:DiskOvercommit must be between 0.1 and 100.")]
    public double DiskOvercommit { get; set; } = 10.0;

    /// <summary>Free disk, in MiB, below which no VM is taken up and a guest that was paused by a full disk stays paused.</summary>
    [Range(0, int.MaxValue, ErrorMessage = "Admission:MinFreeDiskMiB must not be negative.")]
    public int MinFreeDiskMiB { get; set; } = 512;

    /// <summary>Memory, in MiB, that is left to the host itself.</summary>
    [Range(0, int.MaxValue, ErrorMessage = "Admission:MinFreeMemoryMiB must not be negative.")]
    public int MinFreeMemoryMiB { get; set; } = 256;
}
