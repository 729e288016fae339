using System.ComponentModel.DataAnnotations;
using AutoProvision.Images;
using Microsoft.Extensions.Options;

namespace AutoProvision.Vms;

/// <summary>Section <c>Vms</c> of the settings: what is taken where a request says nothing, and how much it may ask for.</summary>
public sealed class VmOptions
{
    public const string Section = "Vms";

    /// <summary>A name of the section <c>Images:Catalog</c>.</summary>
    [Required(ErrorMessage = "Vms:DefaultImage names no image.")]
    public string DefaultImage { get; set; } = "debian-13";

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

    /// <summary>How many of its newest events a VM keeps. A life from creation to deletion without incidents takes about 50.</summary>
    [Range(100, 10_000, ErrorMessage = "Vms:MaxEvents must be between 100 and 10000.")]
    public int MaxEvents { get; set; } = 1000;
}

/// <summary>What the settings have to do with each other.</summary>
internal sealed class VmOptionsValidator(IConfiguration configuration) : IValidateOptions<VmOptions>
{
    public ValidateOptionsResult Validate(string? name, VmOptions options)
    {
        List<string> faults =
        [
            .. AboveMost("Cpus", options.DefaultCpus, options.MaxCpus),
            .. AboveMost("MemoryMiB", options.DefaultMemoryMiB, options.MaxMemoryMiB),
            .. AboveMost("DiskGiB", options.DefaultDiskGiB, options.MaxDiskGiB),
            .. Unknown(options.DefaultImage),
        ];
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> AboveMost(string what, int value, int most)
    {
        if (value > most)
            yield return $"Vms:Default{what} is {value}, which is more than Vms:Max{what}, {most}.";
    }

    // Asked of the configuration, not of the other section's options: their own faults are told there.
    private IEnumerable<string> Unknown(string image)
    {
        var known = configuration.GetSection($"{ImagesOptions.Section}:{nameof(ImagesOptions.Catalog)}").GetChildren().Select(child => child.Key).ToList();
        if (!string.IsNullOrEmpty(image) && !known.Contains(image, StringComparer.Ordinal))
            yield return $"Vms:DefaultImage is \"{image}\", which is not in Images:Catalog ({string.Join(", ", known)}).";
    }
}
