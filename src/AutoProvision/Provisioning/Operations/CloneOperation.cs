using AutoProvision.Vms;

namespace AutoProvision.Provisioning.Operations;

/// <summary>
/// After a restart: sees that a VM of which a copy was being made does not stand still for ever. The copy's own job begins anew
/// and lets it go; this does so where there is no such job any more.
/// </summary>
public sealed class CloneOperation(VmStore store, DiskCopy copies) : IOperation
{
    public OperationKind Kind => OperationKind.Clone;

    public async Task<Func<Vm, Vm>> RunAsync(Vm vm, VmOperation operation, CancellationToken cancellation)
    {
        while (store.Find(operation.Copy!.Value) is { State: VmState.Queued or VmState.Provisioning or VmState.Deleting } copy && store.Find(vm.Id)?.Operation == operation)
            await store.ChangedAsync(copy.Id, copy.Version, cancellation);
        if (store.Find(vm.Id)?.Operation == operation)
            await copies.ResumeAsync(vm.Id, operation, cancellation);
        return it => it;
    }
}
