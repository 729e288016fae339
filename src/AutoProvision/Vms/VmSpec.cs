using System.Text.Json.Serialization;

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

    [JsonIgnore]
    public VmSize Size => new(Cpus, MemoryMiB, DiskGiB);

    /// <summary>Size of the root disk and of all disks beside it.</summary>
    [JsonIgnore]
    public int AllDisksGiB => DiskGiB + Disks.Sum(disk => disk.SizeGiB);

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

    /// <summary>The caller's own cloud-init network-config (version 1 or 2, YAML); null leaves DHCP on every NIC.</summary>
    public string? NetworkConfig { get; init; }

    /// <summary>What the first NIC is attached to; null is the service's own network.</summary>
    public VmNic? Network { get; init; }

    /// <summary>Further NICs, in their order in the guest.</summary>
    public IReadOnlyList<VmNic> Nics { get; init; } = [];

    /// <summary>Further disks, in their order in the guest.</summary>
    public IReadOnlyList<VmDisk> Disks { get; init; } = [];

    /// <summary>Users beside <see cref="User"/>.</summary>
    public IReadOnlyList<VmUser> Users { get; init; } = [];

    /// <summary>Shell commands run early in every boot, as root, before the users and files are there.</summary>
    public IReadOnlyList<string> BootCommands { get; init; } = [];

    /// <summary>A name of the tz database; null leaves the image's.</summary>
    public string? Timezone { get; init; }

    /// <summary>Size of the swap file; null or 0 makes none.</summary>
    public int? SwapMiB { get; init; }

    /// <summary>Variables of every session, by their names.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The caller's own user-data, merged with ours: cloud-config, a shell script or a MIME multi-part of such.</summary>
    public string? UserData { get; init; }

    /// <summary>What has to hold, beside SSH and cloud-init, before the VM is ready; in this order.</summary>
    public IReadOnlyList<VmCheck> ReadinessChecks { get; init; } = [];

    /// <summary>Deadlines of this VM's own.</summary>
    public VmTimeouts Timeouts { get; init; } = new();

    /// <summary>What readers of a deleted VM need: no files, commands, keys or user-data, which may be many MiB.</summary>
    public VmSpec Remains() => new()
    {
        Name = Name,
        Image = Image,
        Cpus = Cpus,
        MemoryMiB = MemoryMiB,
        DiskGiB = DiskGiB,
        User = User,
        Network = Network,
        Nics = Nics,
        Disks = Disks,
        Timezone = Timezone,
        SwapMiB = SwapMiB,
        Timeouts = Timeouts,
    };
}

/// <param name="Network">A libvirt network; null is the service's own.</param>
/// <param name="Address">IPv4 address that the network's DHCP server reserves for it; null takes any.</param>
public sealed record VmNic(string? Network = null, string? Address = null);

/// <param name="Name">The disk's serial number: it is /dev/disk/by-id/virtio-NAME in the guest.</param>
/// <param name="SizeGiB">Size in GiB.</param>
/// <param name="MountPoint">Where it is mounted, with an ext4 file system made on it; null leaves it empty.</param>
public sealed record VmDisk(string Name, int SizeGiB, string? MountPoint = null);

/// <param name="Name">As useradd takes it.</param>
/// <param name="Groups">Further groups; those that do not exist are made.</param>
/// <param name="Sudo">Whether it may do everything as root, without a password.</param>
/// <param name="Shell">Log-in shell, absolute.</param>
/// <param name="AuthorizedKeys">Public keys, one OpenSSH line each.</param>
public sealed record VmUser(string Name, IReadOnlyList<string> Groups, bool Sudo, string Shell, IReadOnlyList<string> AuthorizedKeys);

/// <summary>A readiness check of the caller's own: a command that is tried, as the VM's user, until it succeeds.</summary>
/// <param name="Description">What it stands for, in words.</param>
/// <param name="Command">A line for the user's shell; 0 is success.</param>
/// <param name="TimeoutSeconds">How long it may take until it succeeds.</param>
/// <param name="Hint">What to do when it does not.</param>
public sealed record VmCheck(string Description, string Command, int TimeoutSeconds, string? Hint = null);

/// <summary>Deadlines in seconds; null is the service's own (Provisioning:Timeouts).</summary>
public sealed record VmTimeouts(int? ImageSeconds = null, int? DomainSeconds = null, int? AddressSeconds = null, int? SshSeconds = null, int? CloudInitSeconds = null);

/// <param name="Path">Absolute path in the guest.</param>
/// <param name="Content">The file's text, or its bytes in base64.</param>
/// <param name="Owner">user or user:group; null is root:root.</param>
/// <param name="Mode">Octal permissions such as 0644; null is 0644.</param>
/// <param name="IsBase64">Whether the content is base64.</param>
public sealed record VmFile(string Path, string Content, string? Owner = null, string? Mode = null, bool IsBase64 = false);

/// <param name="Address">IPv4 or IPv6 address.</param>
/// <param name="Names">Host names that resolve to it in the guest.</param>
public sealed record VmHost(string Address, IReadOnlyList<string> Names);
