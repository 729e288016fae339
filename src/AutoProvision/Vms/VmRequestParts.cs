namespace AutoProvision.Vms;

public sealed class VmDiskRequest
{
    /// <summary>The disk's serial number, at most 20 characters: it is /dev/disk/by-id/virtio-NAME in the guest.</summary>
    public string? Name { get; init; }

    /// <summary>Size in GiB.</summary>
    public int? SizeGiB { get; init; }

    /// <summary>Where it is mounted, with an ext4 file system made on it; left out, the disk stays empty.</summary>
    public string? MountPoint { get; init; }
}

public sealed class VmNicRequest
{
    /// <summary>A network of the hypervisor; left out, the service's own.</summary>
    public string? Name { get; init; }

    /// <summary>IPv4 address that the network's DHCP server keeps for the NIC; left out, it takes any.</summary>
    public string? Address { get; init; }
}

public sealed class VmUserRequest
{
    /// <summary>1 to 32 characters of a-z, 0-9, "_", "-" and ".", beginning with a letter or "_"; neither root, default, autoprovision-guest (the service's own account) nor the VM's first user.</summary>
    public string? Name { get; init; }

    /// <summary>Further groups; those that do not exist are made.</summary>
    [AtMost(ListLimits.Groups)]
    public IReadOnlyList<string>? Groups { get; init; }

    /// <summary>Whether the user may do everything as root, without a password; false when left out.</summary>
    public bool? Sudo { get; init; }

    /// <summary>Log-in shell; /bin/bash when left out.</summary>
    public string? Shell { get; init; }

    /// <summary>Public keys (OpenSSH lines) that may log in.</summary>
    [AtMost(ListLimits.AuthorizedKeys)]
    public IReadOnlyList<string>? AuthorizedKeys { get; init; }
}

public sealed class VmFileRequest
{
    /// <summary>Absolute path in the guest.</summary>
    public string? Path { get; init; }

    /// <summary>The file's text. Exactly one of content and contentBase64 is wanted.</summary>
    public string? Content { get; init; }

    /// <summary>The file's bytes in base64.</summary>
    public string? ContentBase64 { get; init; }

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
    [AtMost(ListLimits.HostNames)]
    public IReadOnlyList<string>? Names { get; init; }
}

public sealed class VmCheckRequest
{
    /// <summary>What it stands for, in words.</summary>
    public string? Description { get; init; }

    /// <summary>A line for the shell of the VM's user, run over SSH until it succeeds.</summary>
    public string? Command { get; init; }

    /// <summary>How long that may take, 1 to 3600; 60 when left out.</summary>
    public int? TimeoutSeconds { get; init; }

    /// <summary>What to do when it never succeeds.</summary>
    public string? Hint { get; init; }
}

/// <summary>Each from 1 to 86400; what is left out is the service's own (Provisioning:Timeouts).</summary>
public sealed class VmTimeoutsRequest
{
    /// <summary>Fetching or building the base image.</summary>
    public int? ImageSeconds { get; init; }

    /// <summary>Starting the domain.</summary>
    public int? DomainSeconds { get; init; }

    /// <summary>From the domain's start to its address.</summary>
    public int? AddressSeconds { get; init; }

    /// <summary>From the address to a command that ran over SSH.</summary>
    public int? SshSeconds { get; init; }

    /// <summary>From SSH to cloud-init's end.</summary>
    public int? CloudInitSeconds { get; init; }
}
