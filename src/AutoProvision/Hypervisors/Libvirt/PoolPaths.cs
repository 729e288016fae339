using Microsoft.Extensions.Options;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>The files of a VM in the pool directory; each name starts with the VM's id.</summary>
public sealed class PoolPaths(IOptions<LibvirtOptions> options)
{
    public string Directory { get; } = options.Value.PoolDirectory;

    public string Disk(Guid id) => Path.Combine(Directory, $"{id}.qcow2");

    public string Seed(Guid id) => Path.Combine(Directory, $"{id}.seed.iso");

    public string Console(Guid id) => Path.Combine(Directory, $"{id}.console.log");

    /// <summary>Makes the directory, open enough for QEMU's own user to pass through.</summary>
    public void Ensure() => System.IO.Directory.CreateDirectory(Directory,
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
}
