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

    /// <summary>Size of the root disk in GiB.</summary>
    public int? DiskGiB { get; init; }

    /// <summary>The user to create, with sudo rights; left out, the image's own.</summary>
    public string? User { get; init; }

    /// <summary>Public keys (OpenSSH lines) that may log in beside the service's own.</summary>
    public IReadOnlyList<string>? AuthorizedKeys { get; init; }

    /// <summary>Distribution packages to install.</summary>
    public IReadOnlyList<string>? Packages { get; init; }

    /// <summary>Files to write.</summary>
    public IReadOnlyList<VmFileRequest>? Files { get; init; }

    /// <summary>Extra lines for /etc/hosts.</summary>
    public IReadOnlyList<VmHostRequest>? Hosts { get; init; }

    /// <summary>Shell commands run once, as root, at the end of the first boot.</summary>
    public IReadOnlyList<string>? RunCommands { get; init; }

    /// <summary>A cloud-init network-config (version 1 or 2, YAML) instead of DHCP on the first NIC.</summary>
    public string? NetworkConfig { get; init; }
}

public sealed class VmFileRequest
{
    /// <summary>Absolute path in the guest.</summary>
    public string? Path { get; init; }

    /// <summary>The file's text.</summary>
    public string? Content { get; init; }

    /// <summary>user or user:group; root:root when left out.</summary>
    public string? Owner { get; init; }

    /// <summary>Octal permissions; 0644 when left out.</summary>
    public string? Mode { get; init; }
}

public sealed class VmHostRequest
{
    /// <summary>IPv4 or IPv6 address.</summary>
    public string? Address { get; init; }

    /// <summary>Host names that resolve to it.</summary>
    public IReadOnlyList<string>? Names { get; init; }
}
