using AutoProvision.Vms;

namespace AutoProvision.Provisioning.Operations;

/// <summary>
/// One kind of <see cref="VmOperation"/>. A service that is killed in the middle runs it again from its beginning, so that what is
/// done already must do no harm.
/// </summary>
public interface IOperation
{
    OperationKind Kind { get; }

    /// <summary>Does it to a VM whose <see cref="Vm.Operation"/> is the operation.</summary>
    /// <returns>What the VM is then; the operation itself is taken off it by the caller.</returns>
    /// <exception cref="FailureException">It could not be done.</exception>
    Task<Func<Vm, Vm>> RunAsync(Vm vm, VmOperation operation, CancellationToken cancellation);
}
