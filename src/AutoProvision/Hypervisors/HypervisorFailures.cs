namespace AutoProvision.Hypervisors;

/// <summary>Codes of the hypervisor's failures that others act upon.</summary>
public static class HypervisorFailures
{
    /// <summary>The hypervisor does not answer: it may be restarting, and the same thing may well work a moment later.</summary>
    public const string Unavailable = "hypervisor_unavailable";

    /// <summary>The domain of a guest that is waited for no longer runs.</summary>
    public const string GuestStopped = "guest_stopped";
}
