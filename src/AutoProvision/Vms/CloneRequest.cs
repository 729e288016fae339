using AutoProvision.Inputs;

namespace AutoProvision.Vms;

/// <summary>Body of <c>POST /vms/{id}/clone</c>; what is left out is as the source has it, but for the name, the network-config, the labels and the expiry.</summary>
public sealed class CloneRequest
{
    /// <summary>Hostname and domain name of the copy, an RFC 1123 label; left out, one is made up.</summary>
    public string? Name { get; init; }

    /// <summary>Virtual CPUs.</summary>
    public int? Cpus { get; init; }

    /// <summary>Memory in MiB.</summary>
    public int? MemoryMiB { get; init; }

    /// <summary>Size of the root disk in GiB; not less than the source's.</summary>
    public int? DiskGiB { get; init; }

    /// <summary>A cloud-init network-config (version 1 or 2, YAML) for the copy; left out, DHCP on every NIC, since the source's may have its addresses in it.</summary>
    [AtMost(InputLimits.MostTextBytes)]
    public string? NetworkConfig { get; init; }

    /// <summary>The copy's own marks.</summary>
    [AtMost(ListLimits.Labels)]
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>When the copy is deleted by itself, counted from now, such as 2h.</summary>
    public string? ExpiresIn { get; init; }

    /// <summary>When the copy is deleted by itself (RFC 3339).</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}
