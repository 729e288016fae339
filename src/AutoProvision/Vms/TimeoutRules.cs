namespace AutoProvision.Vms;

/// <summary>Deadlines of a VM's own.</summary>
internal static class TimeoutRules
{
    private const int MostSeconds = 86400;

    public static VmTimeouts Complete(VmTimeoutsRequest? timeouts, FaultList faults) => timeouts is null ? new VmTimeouts() : new VmTimeouts(
        InRange("imageSeconds", timeouts.ImageSeconds, faults),
        InRange("domainSeconds", timeouts.DomainSeconds, faults),
        InRange("addressSeconds", timeouts.AddressSeconds, faults),
        InRange("sshSeconds", timeouts.SshSeconds, faults),
        InRange("cloudInitSeconds", timeouts.CloudInitSeconds, faults));

    private static int? InRange(string name, int? seconds, FaultList faults) =>
        seconds is { } value ? faults.InRange($"/timeouts/{name}", value, 1, MostSeconds, " s") : null;
}
