using AutoProvision.Hypervisors;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning.Reconciliation;

/// <summary>What somebody else did to a VM.</summary>
public enum Difference
{
    None,
    SwitchedOff,
    Paused,

    /// <summary>QEMU paused it, because the disk under it was full.</summary>
    OutOfDisk,
    SwitchedOn,

    /// <summary>It runs as before; whether it lets anybody in by now has to be tried.</summary>
    Unreachable,

    /// <summary>It was switched off and on again since it was last looked at.</summary>
    StartedAnew,
    Removed,
}

/// <summary>Holds a VM as it is known against its domain as it is.</summary>
public static class Comparison
{
    /// <param name="known">The VM's state. One that a job works on is the job's business, but for the host's disk.</param>
    /// <param name="seen">Its domain's; null when there is none.</param>
    /// <param name="isAnotherRun">Whether its domain was started since it was last looked at.</param>
    public static Difference Of(VmState known, DomainPower? seen, bool isAnotherRun = false) => (known, seen) switch
    {
        (VmState.Provisioning, DomainPower.PausedByDisk) => Difference.OutOfDisk,
        (not (VmState.Ready or VmState.Degraded or VmState.Stopped or VmState.Unreachable), _) => Difference.None,
        (_, null) => Difference.Removed,
        (_, DomainPower.PausedByDisk) => Difference.OutOfDisk,
        (VmState.Stopped, DomainPower.Running) => Difference.SwitchedOn,
        (not VmState.Stopped, DomainPower.Stopped) => Difference.SwitchedOff,
        (not VmState.Stopped, DomainPower.Paused) => Difference.Paused,
        (VmState.Unreachable, DomainPower.Running) => Difference.Unreachable,
        (not VmState.Stopped, DomainPower.Running) when isAnotherRun => Difference.StartedAnew,
        _ => Difference.None,
    };
}
