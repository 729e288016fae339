using AutoProvision.Hypervisors;
using AutoProvision.Ssh;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning.Operations;

public sealed class SnapshotOperation(IDomainControl control, IHypervisor hypervisor) : IOperation
{
    public OperationKind Kind => OperationKind.Snapshot;

    public async Task<Func<Vm, Vm>> RunAsync(Vm vm, VmOperation operation, CancellationToken cancellation)
    {
        // Of the domain, not of the VM: one that counts as stopped may have been started by somebody else.
        var isOn = await hypervisor.IsOnAsync(vm.Id, cancellation);
        await control.CreateSnapshotAsync(vm.Id, operation.Snapshot!, cancellation);
        return it => it with { Snapshots = [.. it.Snapshots, new VmSnapshot(operation.Snapshot!, operation.StartedAt, isOn, vm.Spec.Size, operation.Description)] };
    }
}

/// <summary>Brings a snapshot back: the guest runs on from that moment, or is off as it was then.</summary>
public sealed class RestoreOperation(IDomainControl control, PowerSwitch power, SshConnectionPool connections) : IOperation
{
    public OperationKind Kind => OperationKind.RestoreSnapshot;

    public async Task<Func<Vm, Vm>> RunAsync(Vm vm, VmOperation operation, CancellationToken cancellation)
    {
        var snapshot = vm.Snapshots.Single(it => it.Name == operation.Snapshot);
        await connections.ForgetAsync(vm.Id.ToString());
        try
        {
            await control.RestoreSnapshotAsync(vm.Id, snapshot.Name, cancellation);
        }
        catch (FailureException e) when (vm.IsOn && e.Code != HypervisorFailures.Unavailable)
        {
            if (await power.IsOffAsync(vm.Id, cancellation))
                throw;
            // What was refused runs on as it was.
            var still = await power.TrySwitchOnAsync(vm.Id, cancellation);
            return it => still(it) with { OperationFailure = e.Failure };
        }
        // Also lets one go on that was paused when the snapshot was taken.
        var on = snapshot.IsRunning ? await power.TrySwitchOnAsync(vm.Id, cancellation) : it => it.Off();
        return it => on(it).Resized(snapshot.Size);
    }
}

public sealed class DeleteSnapshotOperation(IDomainControl control) : IOperation
{
    public OperationKind Kind => OperationKind.DeleteSnapshot;

    public async Task<Func<Vm, Vm>> RunAsync(Vm vm, VmOperation operation, CancellationToken cancellation)
    {
        await control.RemoveSnapshotAsync(vm.Id, operation.Snapshot!, cancellation);
        return it => it with { Snapshots = [.. it.Snapshots.Where(snapshot => snapshot.Name != operation.Snapshot)] };
    }
}
