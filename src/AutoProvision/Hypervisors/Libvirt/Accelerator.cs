using Microsoft.Extensions.Options;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>
/// Decides between KVM and emulation. /dev/kvm may exist, open and even pass <c>virsh domcapabilities</c> and yet hang a
/// normal kernel (paravirtual KVM inside a VM); the CPU flags that virt-host-validate reads tell the truth.
/// </summary>
public sealed class Accelerator(IOptions<LibvirtOptions> options)
{
    public AcceleratorReport Decide() =>
        Decide(options.Value.Accelerator, ReadCpuInfo(), TryOpenKvm());

    /// <param name="choice">What the operator asked for.</param>
    /// <param name="cpuInfo">Text of /proc/cpuinfo.</param>
    /// <param name="kvmProblem">Why /dev/kvm cannot be used; null when it can.</param>
    public static AcceleratorReport Decide(AcceleratorChoice choice, string cpuInfo, string? kvmProblem) => choice switch
    {
        AcceleratorChoice.Kvm => new("kvm", "Set by Libvirt:Accelerator."),
        AcceleratorChoice.Emulation => new("emulation", "Set by Libvirt:Accelerator."),
        _ when kvmProblem is not null => new("emulation", kvmProblem),
        _ when VirtualizationFlag(cpuInfo) is { } flag => new("kvm", $"The CPU has the {flag} flag and /dev/kvm can be opened."),
        _ => new("emulation", "/dev/kvm is there, but the CPU flags have neither vmx nor svm: guests would hang at boot."),
    };

    /// <summary>QEMU's name of it, as virt-install's --virt-type takes it.</summary>
    public static string VirtType(AcceleratorReport report) => report.Kind == "kvm" ? "kvm" : "qemu";

    private static string? VirtualizationFlag(string cpuInfo)
    {
        var flags = cpuInfo.Split('\n').FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal));
        return flags?.Split([' ', '\t']).FirstOrDefault(flag => flag is "vmx" or "svm");
    }

    private static string ReadCpuInfo() => File.Exists("/proc/cpuinfo") ? File.ReadAllText("/proc/cpuinfo") : "";

    private static string? TryOpenKvm()
    {
        if (!File.Exists("/dev/kvm"))
            return "There is no /dev/kvm.";
        try
        {
            using var device = new FileStream("/dev/kvm", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"/dev/kvm cannot be opened: {e.Message}";
        }
    }
}
