namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>Builds virt-install's argument list.</summary>
public static class VirtInstall
{
    /// <param name="spec">The domain.</param>
    /// <param name="paths">Its files.</param>
    /// <param name="options">Connection and network.</param>
    /// <param name="accelerator">kvm or emulation.</param>
    public static IReadOnlyList<string> Arguments(DomainSpec spec, PoolPaths paths, LibvirtOptions options, AcceleratorReport accelerator) =>
    [
        "--connect", options.Uri,
        "--name", spec.Name,
        "--uuid", spec.Id.ToString(),
        "--metadata", $"title={spec.Name},description={DomainXml.MarkOf(spec.Id)}",
        "--memory", spec.MemoryMiB.ToString(),
        "--vcpus", spec.Cpus.ToString(),
        "--virt-type", Accelerator.VirtType(accelerator),
        .. Tuning(options, accelerator),
        // Nothing is guessed from the image: every bus below is named, and old OS databases stay out of it.
        "--osinfo", "detect=off,require=off",
        "--import",
        // virt-install makes a lasting storage pool for every directory it is given a disk in; described as XML it makes none.
        "--disk", "none",
        .. Disk(1, "vda", "qcow2", paths.Disk(spec.Id)),
        // A read-only virtio disk: cloud kernels have no SATA driver and never see a SATA CD.
        .. Disk(2, "vdb", "raw", paths.Seed(spec.Id)),
        "--xml", "xpath.create=./devices/disk[2]/readonly",
        .. spec.Disks.SelectMany((serial, index) => DataDisk(index, serial, paths.DataDisk(spec.Id, index))),
        .. spec.Nics.SelectMany(nic => new[] { "--network", $"network={nic.Network ?? options.Network},model=virtio,mac={nic.Mac}" }),
        "--serial", $"pty,log.file={paths.Console(spec.Id)},log.append=on",
        "--channel", "unix,target.type=virtio,target.name=org.qemu.guest_agent.0",
        "--rng", "/dev/urandom",
        "--controller", "type=usb,model=none",
        "--graphics", "none",
        "--video", "none",
        "--sound", "none",
        "--noautoconsole",
        "--quiet",
    ];

    // After the root disk and the seed: disk[3] is vdc. Its serial number names it in the guest, wherever it comes in the order.
    private static IEnumerable<string> DataDisk(int index, string serial, string path) =>
        [.. Disk(index + 3, $"vd{(char)('c' + index)}", "qcow2", path), .. Xml(($"./devices/disk[{index + 3}]/serial", serial))];

    private static IEnumerable<string> Disk(int index, string target, string format, string path) => Xml(
        ($"./devices/disk[{index}]/@type", "file"),
        ($"./devices/disk[{index}]/@device", "disk"),
        ($"./devices/disk[{index}]/driver/@name", "qemu"),
        ($"./devices/disk[{index}]/driver/@type", format),
        ($"./devices/disk[{index}]/source/@file", path),
        ($"./devices/disk[{index}]/target/@dev", target),
        ($"./devices/disk[{index}]/target/@bus", "virtio"));

    private static IEnumerable<string> Tuning(LibvirtOptions options, AcceleratorReport accelerator) => accelerator.Kind == "kvm"
        ? ["--cpu", "host-passthrough"]
        // The translation cache is about 1 GiB a guest otherwise; not every virt-install has a flag of its own for it.
        : Xml(("./features/tcg/tb-cache", $"{options.TranslationCacheMiB}"), ("./features/tcg/tb-cache/@unit", "MiB"));

    private static IEnumerable<string> Xml(params (string Path, string Value)[] settings) =>
        settings.SelectMany(setting => new[] { "--xml", $"{setting.Path}={setting.Value}" });
}
