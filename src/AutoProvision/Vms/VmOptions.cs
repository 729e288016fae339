using System.ComponentModel.DataAnnotations;

namespace AutoProvision.Vms;

/// <summary>Section <c>Vms</c> of the settings: what is taken where a request says nothing, and how much it may ask for.</summary>
public sealed class VmOptions
{
    public const string Section = "Vms";

    [Required]
    public string DefaultImage { get; set; } = "debian-12";

    [Range(1, 1024, ErrorMessage = "Vms:DefaultCpus must be between 1 and 1024.")]
    public int DefaultCpus { get; set; } = 2;

    [Range(64, int.MaxValue, ErrorMessage = "Vms:DefaultMemoryMiB must be at least 64.")]
    public int DefaultMemoryMiB { get; set; } = 1024;

    [Range(1, int.MaxValue, ErrorMessage = "Vms:DefaultDiskGiB must be at least 1.")]
    public int DefaultDiskGiB { get; set; } = 10;

    [Range(1, 1024, ErrorMessage = "Vms:MaxCpus must be between 1 and 1024.")]
    public int MaxCpus { get; set; } = 16;

    [Range(64, int.MaxValue, ErrorMessage = "Vms:MaxMemoryMiB must be at least 64.")]
    public int MaxMemoryMiB { get; set; } = 65536;

    [Range(1, int.MaxValue, ErrorMessage = "Vms:MaxDiskGiB must be at least 1.")]
    public int MaxDiskGiB { get; set; } = 1024;
}
