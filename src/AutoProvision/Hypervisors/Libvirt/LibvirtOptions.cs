using System.ComponentModel.DataAnnotations;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>Section <c>Libvirt</c> of the settings.</summary>
public sealed class LibvirtOptions
{
    public const string Section = "Libvirt";

    /// <summary>libvirt connection URI.</summary>
    [Required]
    public string Uri { get; set; } = "qemu:///system";

    /// <summary>libvirt network that VMs are attached to.</summary>
    [Required]
    public string Network { get; set; } = "default";

    /// <summary>Directory of disks, seed images and console logs; QEMU's user must be able to reach it.</summary>
    [Required, RegularExpression("/[^,\\s]+", ErrorMessage = "Libvirt:PoolDirectory must be an absolute path without commas and spaces: virt-install splits at them.")]
    public string PoolDirectory { get; set; } = "/var/lib/autoprovision/pool";

    /// <summary>kvm, emulation, or auto: KVM where it really works.</summary>
    public AcceleratorChoice Accelerator { get; set; } = AcceleratorChoice.Auto;

    /// <summary>Longest time a tool (virsh, qemu-img, xorriso) may take for one answer.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00", MinimumIsExclusive = true, ErrorMessage = "Libvirt:CommandTimeout must be more than zero and at most a day.")]
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest time virt-install may take to define and start a domain.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00", MinimumIsExclusive = true, ErrorMessage = "Libvirt:CreateTimeout must be more than zero and at most a day.")]
    public TimeSpan CreateTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Longest time that making, restoring or removing a snapshot may take; a running guest's memory is written or read.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00", MinimumIsExclusive = true, ErrorMessage = "Libvirt:SnapshotTimeout must be more than zero and at most a day.")]
    public TimeSpan SnapshotTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Longest time that the copy of one disk may take.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00", MinimumIsExclusive = true, ErrorMessage = "Libvirt:CopyTimeout must be more than zero and at most a day.")]
    public TimeSpan CopyTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Pause between two looks for addresses; at most 250 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:00.250", ErrorMessage = "Libvirt:AddressPollInterval must be between 10 and 250 ms.")]
    public TimeSpan AddressPollInterval { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Size of QEMU's translation cache per VM under emulation, in MiB; its own default is about 1 GiB.</summary>
    [Range(16, 4096, ErrorMessage = "Libvirt:TranslationCacheMiB must be between 16 and 4096.")]
    public int TranslationCacheMiB { get; set; } = 64;
}

public enum AcceleratorChoice
{
    Auto,
    Kvm,
    Emulation,
}
