using System.Text.RegularExpressions;
using AutoProvision.Vms;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>Tells a guest that will never answer from one that is slow.</summary>
public sealed partial class GuestDiagnosis(DomainList domains, PoolPaths paths)
{
    // A panic's call trace and what follows fit in.
    private const int LookAtChars = 16_384;
    private const int EvidenceChars = 2000;

    public async Task<Failure?> DiagnoseAsync(Guid id, CancellationToken cancellation)
    {
        var console = await ConsoleLog.ReadTailAsync(paths.Console(id), LookAtChars, cancellation);
        // The console first: it costs no process, and it knows more.
        return Panic(console) ?? Judge(await domains.LookAsync(id, cancellation), Tail(console));
    }

    /// <summary><c>guest_panicked</c> when the kernel that spoke last on this console gave up; null otherwise.</summary>
    public static Failure? Panic(string console)
    {
        // A guest that restarted after its panic is given another chance: the next kernel begins with its version.
        var panic = PanicLine().Matches(console).FirstOrDefault(line => !console.AsSpan(line.Index).Contains("Linux version ", StringComparison.Ordinal));
        return panic is null ? null : new Failure("guest_panicked", panic.Value.Trim(), "Make the VM again: under emulation a kernel may panic once and not the next time. If it does so again, the image's kernel cannot run on this VM: try another image or size. The evidence has the end of the console.", Evidence: Tail(console));
    }

    private static Failure? Judge(DomainPower? power, string? evidence) => power switch
    {
        null => Missing(evidence),
        DomainPower.Stopped => new(HypervisorFailures.GuestStopped, "The VM's domain no longer runs: the guest switched itself off, crashed, or was stopped by somebody.", "See the console; delete the VM and make it anew.", Evidence: evidence),
        _ => null,
    };

    public static Failure Missing(string? evidence = null) =>
        new("domain_missing", "The VM's domain is gone: somebody removed it.", "Delete the VM and make it anew.", Evidence: evidence);

    private static string? Tail(string console) => console.Length == 0 ? null : console[^Math.Min(console.Length, EvidenceChars)..];

    [GeneratedRegex("Kernel panic - not syncing[^\n]*")]
    private static partial Regex PanicLine();
}
