using AutoProvision.Hypervisors;
using AutoProvision.Vms;

namespace AutoProvision.Fakes;

internal static class FakeHostReport
{
    public static HostReport Make(IReadOnlyList<Failure> problems) => new()
    {
        Uri = "qemu:///fake",
        Version = problems.Count == 0 ? "libvirt 9.0.0, QEMU 7.2.22" : null,
        Accelerator = new AcceleratorReport("emulation", "There is no /dev/kvm."),
        Cpus = 2,
        MemoryTotalMiB = 4096,
        MemoryFreeMiB = 2048,
        Pool = new PoolReport("/pool", 1024),
        Network = new NetworkReport("default", problems.Count == 0, "virbr0"),
        Tools = [new ToolReport("virsh", "/usr/bin/virsh")],
        Problems = problems,
    };
}
