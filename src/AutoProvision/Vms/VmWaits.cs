namespace AutoProvision.Vms;

/// <summary>What a client may wait for at a VM.</summary>
public static class VmWaits
{
    /// <summary>How long is waited where nobody says so.</summary>
    private const int DefaultSeconds = 60;
    private const int MostSeconds = 600;

    /// <summary>Nothing that is being made or done is left: the VM is ready, degraded, unreachable, stopped or failed, or goes.</summary>
    public static bool IsSettled(Vm vm) => vm.State is not (VmState.Queued or VmState.Provisioning);

    /// <summary>Reads the parameters <c>wait</c> and <c>timeoutSeconds</c>.</summary>
    /// <returns>When the wait is over, and how long it may take; null where none is asked for.</returns>
    /// <exception cref="InvalidRequestException">With everything that is wrong.</exception>
    public static (Func<Vm, bool> Until, TimeSpan Limit)? Parse(string? wait, string? timeoutSeconds)
    {
        var faults = new FaultList([]);
        var seconds = timeoutSeconds is null ? DefaultSeconds : WholeNumber.Parse(timeoutSeconds, 1, MostSeconds);
        if (seconds is null)
            faults.Add("/timeoutSeconds", "query_invalid", $"\"{timeoutSeconds}\" is not a time to wait.", $"From 1 to {MostSeconds}, in digits alone.");
        if (wait is not (null or "ready" or "stopped" or "deleted"))
            faults.Add("/wait", "query_invalid", $"\"{wait}\" cannot be waited for.", "One of ready, stopped and deleted.");
        faults.ThrowIfAny();
        return wait is null ? null : (vm => IsOver(wait, vm), TimeSpan.FromSeconds(seconds!.Value));
    }

    // As wanted, or so that it never will be without somebody's doing.
    private static bool IsOver(string wait, Vm vm) => vm.Operation is null && wait switch
    {
        // One that lets nobody in is tried again, and may yet be ready.
        "ready" => IsSettled(vm) && vm.State != VmState.Unreachable,
        "stopped" => vm.State is VmState.Stopped or VmState.Failed or VmState.Deleting or VmState.Deleted,
        _ => vm.State == VmState.Deleted,
    };
}
