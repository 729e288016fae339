namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>Finds programs on the PATH.</summary>
public static class HostTools
{
    /// <summary>What making a VM needs; the seed needs one of xorriso and genisoimage.</summary>
    public static readonly IReadOnlyList<string> Required = ["virsh", "virt-install", "qemu-img", "xorriso"];

    /// <summary>What is used where it is there.</summary>
    public static readonly IReadOnlyList<string> Optional = ["dhcp_release", "ssh-add", "mmdebstrap"];

    public static string? Find(string program)
    {
        var directories = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        // A service's PATH often lacks the sbin directories.
        return directories.Concat(["/usr/sbin", "/sbin"]).Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists);
    }

    public static IReadOnlyList<ToolReport> Report() =>
        [.. Required.Concat(Optional).Select(name => new ToolReport(name, Find(name) ?? (name == "xorriso" ? Find("genisoimage") : null)))];
}
