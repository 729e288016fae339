using System.Text.Json.Serialization;
using AutoProvision.Inputs;

namespace AutoProvision.Vms;

/// <summary>Body of <c>POST /vms</c>. Every field may be left out.</summary>
public sealed class VmRequest
{
    /// <summary>Hostname and domain name, an RFC 1123 label: 1 to 63 of a-z, 0-9 and "-", not at either end. Left out, one is made up.</summary>
    public string? Name { get; init; }

    /// <summary>A name from GET /images.</summary>
    public string? Image { get; init; }

    /// <summary>Virtual CPUs.</summary>
    public int? Cpus { get; init; }

    /// <summary>Memory in MiB.</summary>
    public int? MemoryMiB { get; init; }

    /// <summary>Size of the root disk in GiB; the guest's file system grows to fill it.</summary>
    public int? DiskGiB { get; init; }

    /// <summary>Further disks, at most 8.</summary>
    [AtMost(ListLimits.Disks)]
    public IReadOnlyList<VmDiskRequest>? Disks { get; init; }

    /// <summary>What the first NIC is attached to; left out, the service's own network.</summary>
    public VmNicRequest? Network { get; init; }

    /// <summary>Further NICs, at most 7.</summary>
    [AtMost(ListLimits.FurtherNics)]
    public IReadOnlyList<VmNicRequest>? Nics { get; init; }

    /// <summary>A cloud-init network-config (version 1 or 2, YAML) instead of DHCP on every NIC; at most 1 MiB.</summary>
    // Last, as it once was: the order is part of an Idempotency-Key's fingerprint, which outlasts an upgrade.
    [JsonPropertyOrder(1)]
    [AtMost(InputLimits.MostTextBytes)]
    public string? NetworkConfig { get; init; }

    /// <summary>The user to create, with sudo rights; left out, the image's own. autoprovision-guest is reserved: it is the service's own account.</summary>
    public string? User { get; init; }

    /// <summary>Public keys (lines of authorized_keys, with or without options) that may log in as that user, beside the service's own.</summary>
    [AtMost(ListLimits.AuthorizedKeys)]
    public IReadOnlyList<string>? AuthorizedKeys { get; init; }

    /// <summary>Further users.</summary>
    [AtMost(ListLimits.Users)]
    public IReadOnlyList<VmUserRequest>? Users { get; init; }

    /// <summary>Distribution packages to install.</summary>
    [AtMost(ListLimits.Packages)]
    public IReadOnlyList<string>? Packages { get; init; }

    /// <summary>Files to write.</summary>
    [AtMost(ListLimits.Files)]
    public IReadOnlyList<VmFileRequest>? Files { get; init; }

    /// <summary>Extra lines for /etc/hosts.</summary>
    [AtMost(ListLimits.Hosts)]
    public IReadOnlyList<VmHostRequest>? Hosts { get; init; }

    /// <summary>Shell commands run early in every boot, as root, before the users and files are there.</summary>
    [AtMost(ListLimits.Commands)]
    public IReadOnlyList<string>? BootCommands { get; init; }

    /// <summary>Shell commands run once, as root, at the end of the first boot.</summary>
    [AtMost(ListLimits.Commands)]
    public IReadOnlyList<string>? RunCommands { get; init; }

    /// <summary>A name of the tz database, such as Europe/Vienna; left out, the image's own.</summary>
    public string? Timezone { get; init; }

    /// <summary>Size of a swap file in MiB, 0 to 65536; 0 makes none.</summary>
    public int? SwapMiB { get; init; }

    /// <summary>Variables of every session, by their names; values are one line.</summary>
    [AtMost(ListLimits.Variables)]
    public IReadOnlyDictionary<string, string>? Environment { get; init; }

    /// <summary>Your own cloud-init user-data, merged with the service's: cloud-config, a shell script, or a MIME multi-part of such, also in base64 or as a gzip file in base64; at most 1 MiB.</summary>
    [AtMost(InputLimits.MostTextBytes)]
    public string? UserData { get; init; }

    /// <summary>What has to hold before the VM is ready, beside SSH and cloud-init; at most 16, run in this order.</summary>
    [AtMost(ListLimits.ReadinessChecks)]
    public IReadOnlyList<VmCheckRequest>? ReadinessChecks { get; init; }

    /// <summary>Deadlines of this VM's own.</summary>
    public VmTimeoutsRequest? Timeouts { get; init; }

    /// <summary>Your own marks, at most 64; keys and values as those of Kubernetes labels.</summary>
    [AtMost(ListLimits.Labels)]
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>When the VM is deleted by itself, counted from now: such as 90s, 30m, 2h or 7d, or ISO 8601 (PT2H). Not together with expiresAt.</summary>
    public string? ExpiresIn { get; init; }

    /// <summary>When the VM is deleted by itself (RFC 3339), at most ten years ahead.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}
