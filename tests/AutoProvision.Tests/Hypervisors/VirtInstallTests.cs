using AutoProvision.Hypervisors.Libvirt;
using Microsoft.Extensions.Options;

namespace AutoProvision.Hypervisors;

public sealed class VirtInstallTests
{
    private static readonly Guid Id = Guid.Parse("0199d3a4-0000-7000-8000-000000000001");
    private static readonly LibvirtOptions Settings = new() { Uri = "qemu:///test", Network = "net1", PoolDirectory = "/pool", TranslationCacheMiB = 32 };

    [Theory]
    [InlineData("--connect", "qemu:///test")]
    [InlineData("--name", "web")]
    [InlineData("--uuid", "0199d3a4-0000-7000-8000-000000000001")]
    [InlineData("--memory", "512")]
    [InlineData("--vcpus", "3")]
    [InlineData("--network", "network=net1,model=virtio,mac=52:54:00:01:02:03")]
    [InlineData("--network", "network=lan,model=virtio,mac=52:54:00:01:02:04")]
    [InlineData("--xml", "./devices/disk[4]/source/@file=/pool/0199d3a4-0000-7000-8000-000000000001.data1.qcow2")]
    [InlineData("--xml", "./devices/disk[4]/target/@dev=vdd")]
    [InlineData("--xml", "./devices/disk[4]/serial=logs")]
    [InlineData("--serial", "pty,log.file=/pool/0199d3a4-0000-7000-8000-000000000001.console.log,log.append=on")]
    [InlineData("--channel", "unix,target.type=virtio,target.name=org.qemu.guest_agent.0")]
    [InlineData("--rng", "/dev/urandom")]
    [InlineData("--xml", "xpath.create=./devices/disk[2]/readonly")]
    [InlineData("--xml", "./devices/disk[1]/source/@file=/pool/0199d3a4-0000-7000-8000-000000000001.qcow2")]
    [InlineData("--xml", "./devices/disk[2]/source/@file=/pool/0199d3a4-0000-7000-8000-000000000001.seed.iso")]
    [InlineData("--xml", "./devices/disk[2]/driver/@type=raw")]
    public void Every_domain_has(string option, string value) => Assert.Contains((option, value), Pairs("kvm"));

    [Fact]
    public void All_disks_are_virtio_and_nothing_is_on_a_bus_that_cloud_kernels_do_not_know()
    {
        var pairs = Pairs("emulation");

        Assert.Equal(4, pairs.Count(pair => pair.Value.EndsWith("/target/@bus=virtio", StringComparison.Ordinal)));
        Assert.DoesNotContain(pairs, pair => pair.Value.Contains("sata", StringComparison.OrdinalIgnoreCase) || pair.Value.Contains("cdrom", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(pairs, pair => pair.Option == "--cloud-init");
    }

    [Fact]
    public void Kvm_gives_the_host_cpu_and_emulation_a_bounded_translation_cache()
    {
        Assert.Contains(("--virt-type", "kvm"), Pairs("kvm"));
        Assert.Contains(("--cpu", "host-passthrough"), Pairs("kvm"));
        Assert.DoesNotContain(Pairs("kvm"), pair => pair.Value.Contains("tb-cache", StringComparison.Ordinal));
        Assert.Contains(("--virt-type", "qemu"), Pairs("emulation"));
        Assert.Contains(("--xml", "./features/tcg/tb-cache=32"), Pairs("emulation"));
        Assert.DoesNotContain(Pairs("emulation"), pair => pair.Option == "--cpu");
    }

    [Theory]
    [InlineData("xorriso", "-as", "mkisofs")]
    [InlineData("genisoimage")]
    public void The_seed_is_labelled_cidata_by_either_tool(string tool, params string[] first) =>
        Assert.Equal([.. first, "-quiet", "-output", "/pool/x.iso", "-volid", "cidata", "-joliet", "-rational-rock", "/tmp/seed"], SeedImage.Arguments(tool, "/pool/x.iso", "/tmp/seed"));

    private static List<(string Option, string Value)> Pairs(string accelerator)
    {
        var arguments = VirtInstall.Arguments(
            new DomainSpec(Id, "web", 3, 512, [new Nic("52:54:00:01:02:03"), new Nic("52:54:00:01:02:04", "lan")], ["data", "logs"]), new PoolPaths(Options.Create(Settings)), Settings, new AcceleratorReport(accelerator, ""));
        return [.. arguments.Zip(arguments.Skip(1))];
    }
}
