using AutoProvision.Vms;

namespace AutoProvision.Provisioning.Operations;

/// <summary>Why an operation is refused or cannot be done.</summary>
public static class OperationFailures
{
    public static FailureException Busy(Vm vm) => new("vm_busy",
        $"VM {vm.Id} is busy: the operation {vm.Operation!.Kind.Word()} is under way since {vm.Operation.StartedAt:O}.",
        $"Follow GET /vms/{vm.Id}/events until it is over, and send this again.");

    public static FailureException WrongState(Vm vm, OperationKind kind) => new("vm_state_conflict",
        $"VM {vm.Id} is {vm.State.ToString().ToLowerInvariant()}: there is no {kind.Word()} in this state.",
        vm.State is VmState.Queued or VmState.Provisioning ? $"Follow GET /vms/{vm.Id}/events until its state is ready." : "Ready, degraded, unreachable and stopped VMs can be worked on; others can only be deleted.");

    public static FailureException Hangs(TimeSpan limit) => new("hypervisor_unavailable",
        $"The hypervisor did not do it within {limit.TotalSeconds:0.#} s.", "libvirt may hang: look at its log. Provisioning:Timeouts:Domain sets the limit.");

    public static FailureException SnapshotTaken(Vm vm, string name) => new("snapshot_exists",
        $"VM {vm.Id} has a snapshot \"{name}\" already.", "Choose another name, or delete that one first.");

    public static FailureException TooManySnapshots(Vm vm, int most) => new("snapshot_limit",
        $"VM {vm.Id} has {vm.Snapshots.Count} snapshots, of at most {most}.", "Delete some first.");

    public static FailureException NoSnapshot(Vm vm, string name) => new("snapshot_not_found",
        $"VM {vm.Id} has no snapshot \"{name}\".", $"GET /vms/{vm.Id}/snapshots lists them.");

    public static FailureException DomainMissing(Guid id) => new("domain_missing",
        $"The domain of VM {id} is gone: somebody else removed it.", $"DELETE /vms/{id} removes what is left of it.");

    public static FailureException CloneSourceGone(Guid source) => new("clone_source_gone",
        $"VM {source}, which this one is to be a copy of, is not ready, degraded, unreachable or stopped any more.", "Make the copy while its source is there.");
}
