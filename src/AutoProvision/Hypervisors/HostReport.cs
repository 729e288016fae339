using AutoProvision.Vms;

namespace AutoProvision.Hypervisors;

/// <summary>The host's preflight.</summary>
public sealed record HostReport
{
    /// <summary>The engine's connection URI.</summary>
    public required string Uri { get; init; }

    /// <summary>Version of libvirt and of the hypervisor below it; null when libvirt does not answer.</summary>
    public string? Version { get; init; }

    public required AcceleratorReport Accelerator { get; init; }

    public required int Cpus { get; init; }

    public required long MemoryTotalMiB { get; init; }

    public required long MemoryFreeMiB { get; init; }

    public required PoolReport Pool { get; init; }

    public required NetworkReport Network { get; init; }

    public required IReadOnlyList<ToolReport> Tools { get; init; }

    /// <summary>Everything that would keep a VM from being made; empty on a ready host.</summary>
    public required IReadOnlyList<Failure> Problems { get; init; }
}

/// <param name="Kind">kvm or emulation.</param>
/// <param name="Reason">Why this one was chosen.</param>
public sealed record AcceleratorReport(string Kind, string Reason);

/// <param name="Directory">Where disks, seed images and console logs are.</param>
/// <param name="FreeMiB">Free space there, in MiB; null when it cannot be read.</param>
public sealed record PoolReport(string Directory, long? FreeMiB);

/// <param name="Name">libvirt network.</param>
/// <param name="Active">Whether it is up.</param>
/// <param name="Bridge">Its bridge on the host.</param>
public sealed record NetworkReport(string Name, bool Active, string? Bridge);

/// <param name="Name">Program name.</param>
/// <param name="Path">Where it was found; null when it is missing.</param>
public sealed record ToolReport(string Name, string? Path);
