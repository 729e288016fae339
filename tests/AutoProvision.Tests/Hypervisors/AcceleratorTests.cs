using AutoProvision.Hypervisors.Libvirt;

namespace AutoProvision.Hypervisors;

public sealed class AcceleratorTests
{
    private const string Intel = "processor : 0\nflags\t\t: fpu vme vmx sse\n";
    private const string Amd = "flags\t\t: fpu svm\n";
    private const string Without = "flags\t\t: fpu vme hypervisor\nvmx flags : none\n";

    [Theory]
    [InlineData(AcceleratorChoice.Auto, Intel, null, "kvm", "vmx")]
    [InlineData(AcceleratorChoice.Auto, Amd, null, "kvm", "svm")]
    [InlineData(AcceleratorChoice.Auto, Without, null, "emulation", "neither vmx nor svm")]
    [InlineData(AcceleratorChoice.Auto, "", null, "emulation", "neither vmx nor svm")]
    [InlineData(AcceleratorChoice.Auto, Intel, "There is no /dev/kvm.", "emulation", "There is no /dev/kvm.")]
    [InlineData(AcceleratorChoice.Kvm, Without, "There is no /dev/kvm.", "kvm", "Libvirt:Accelerator")]
    [InlineData(AcceleratorChoice.Emulation, Intel, null, "emulation", "Libvirt:Accelerator")]
    public void Kvm_is_taken_where_it_really_works(AcceleratorChoice choice, string cpuInfo, string? kvmProblem, string kind, string reason)
    {
        var report = Accelerator.Decide(choice, cpuInfo, kvmProblem);

        Assert.Equal(kind, report.Kind);
        Assert.Contains(reason, report.Reason, StringComparison.Ordinal);
    }
}
