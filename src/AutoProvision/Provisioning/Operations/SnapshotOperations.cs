using AutoProvision.Hypervisors;
using AutoProvision.Ssh;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning.Operations;

public sealed class SnapshotOperation(IDomainControl control) : IOperation
{
    public OperationKind Kind => OperationKind.Snapshot;

    public async Task<Func<Vm, Vm>> RunAsync(Vm vm, VmOperation operation, CancellationToken cancellation)
    {
        await control.CreateSnapshotAsync(vm.Id, operation.Snapshot!, cancellation);
        return it => it with { Snapshots = [.. it.Snapshots, new VmSnapshot(operation.Snapshot!, operation.StartedAt, operation.WasRunning, vm.Spec.Size, operation.Description)] };
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
        await control.RestoreSnapshotAsync(vm.Id, snapshot.Name, cancellation);
        var on = snapshot.IsRunning ? await VmPower.TryOnAsync(() => power.ReachAsync(vm.Id, cancellation)) : VmPower.Off;
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
