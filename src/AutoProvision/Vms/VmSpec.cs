namespace AutoProvision.Vms;

/// <summary>What was asked for, complete and checked: defaults are filled in and every value is in range.</summary>
public sealed record VmSpec
{
    /// <summary>Hostname in the guest and name of the libvirt domain; an RFC 1123 label.</summary>
    public required string Name { get; init; }

    /// <summary>A name from the image catalogue.</summary>
    public required string Image { get; init; }

    public required int Cpus { get; init; }

    public required int MemoryMiB { get; init; }

    /// <summary>Size of the root disk; the guest grows its file system to fill it.</summary>
    public required int DiskGiB { get; init; }

    /// <summary>The user that is created with sudo rights and that SSH logs in as.</summary>
    public required string User { get; init; }

    /// <summary>Public keys, one OpenSSH line each, that may log in beside the service's own.</summary>
    public IReadOnlyList<string> AuthorizedKeys { get; init; } = [];

    public IReadOnlyList<string> Packages { get; init; } = [];

    public IReadOnlyList<VmFile> Files { get; init; } = [];

    /// <summary>Extra lines for the guest's /etc/hosts.</summary>
    public IReadOnlyList<VmHost> Hosts { get; init; } = [];

    /// <summary>Shell commands run once, as root, at the end of the first boot.</summary>
    public IReadOnlyList<string> RunCommands { get; init; } = [];

    /// <summary>The caller's own cloud-init network-config (version 1 or 2, YAML); null leaves DHCP on the first NIC.</summary>
    public string? NetworkConfig { get; init; }
}

/// <param name="Path">Absolute path in the guest.</param>
/// <param name="Content">The file's text.</param>
/// <param name="Owner">user or user:group; null is root:root.</param>
/// <param name="Mode">Octal permissions such as 0644; null is 0644.</param>
public sealed record VmFile(string Path, string Content, string? Owner = null, string? Mode = null);

/// <param name="Address">IPv4 or IPv6 address.</param>
/// <param name="Names">Host names that resolve to it in the guest.</param>
public sealed record VmHost(string Address, IReadOnlyList<string> Names);
