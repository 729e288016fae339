using AutoProvision.Hypervisors;

namespace AutoProvision.Provisioning;

/// <summary>Linux' last words on its consoles, as it ends in order (kernel_halt and kernel_power_off in kernel/reboot.c).</summary>
internal static class KernelWords
{
    private const string Halted = "reboot: System halted";
    private const string PoweredOff = "reboot: Power down";
    private const int LookAtChars = 1000;

    public static Task<bool> AreHaltAsync(IHypervisor hypervisor, Guid id, CancellationToken cancellation) => EndsAsync(hypervisor, id, [Halted], cancellation);

    /// <summary>Whether the guest ended itself, and was not cut off. A guest whose kernel has no serial console does not tell.</summary>
    public static Task<bool> AreEndAsync(IHypervisor hypervisor, Guid id, CancellationToken cancellation) => EndsAsync(hypervisor, id, [Halted, PoweredOff], cancellation);

    private static async Task<bool> EndsAsync(IHypervisor hypervisor, Guid id, string[] words, CancellationToken cancellation)
    {
        var console = (await hypervisor.ReadConsoleAsync(id, LookAtChars, cancellation)).TrimEnd();
        return words.Any(word => console.EndsWith(word, StringComparison.Ordinal));
    }
}
