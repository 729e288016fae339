using AutoProvision.Hypervisors;
using AutoProvision.Provisioning.Reconciliation;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning.Operations;

/// <summary>Does what a VM's <see cref="Vm.Operation"/> says, and takes it off the VM with what came of it.</summary>
public sealed partial class OperationRunner(
    IEnumerable<IOperation> operations, IHypervisor hypervisor, VmStore store, RoundBell bell, DomainRuns runs, TimeProvider time, ILogger<OperationRunner> logger)
{
    private readonly Dictionary<OperationKind, IOperation> _operations = operations.ToDictionary(operation => operation.Kind);

    /// <exception cref="OperationCanceledException">The VM is being deleted or the service stops: the operation stays on the VM.</exception>
    public async Task RunAsync(Guid id, CancellationToken cancellation)
    {
        // Deleted, or done by an earlier try that could not be recorded as such.
        if (store.Find(id) is not { Operation: { } operation, State: not (VmState.Deleting or VmState.Deleted) } vm)
            return;
        var started = time.GetTimestamp();
        try
        {
            var outcome = await _operations[operation.Kind].RunAsync(vm, operation, cancellation);
            await runs.LookAsync(id, cancellation);
            End(vm, operation, outcome, started);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && e is not FailureException { Code: VmFailures.JournalFull })
        {
            var failure = Describe(e, operation.Kind);
            if (e is not FailureException)
                LogUnexpected(e, id, operation.Kind);
            var outcome = await LookAsync(vm, operation, failure, cancellation);
            await runs.LookAsync(id, cancellation);
            End(vm, operation, it => outcome(it) with { OperationFailure = failure }, started);
        }
    }

    // What failed may have been put right again: then the outcome says so itself.
    private void End(Vm vm, VmOperation operation, Func<Vm, Vm> outcome, long started)
    {
        var now = store.Find(vm.Id) ?? vm;
        var (state, obstacle, failure) = (outcome(now).State, outcome(now).Obstacle, outcome(now).OperationFailure);
        // First, so that whoever follows the states sees this one as any other.
        if (state != now.State)
            store.Update(vm.Id, it => IsStill(it, operation) ? it with { State = state, Obstacle = obstacle } : it, new VmEvent { Type = VmEventType.State, Operation = operation.Kind, Failure = obstacle });
        store.Update(vm.Id, it => IsStill(it, operation) ? outcome(it) with { Operation = null } : it, new VmEvent
        {
            Type = failure is null ? VmEventType.OperationCompleted : VmEventType.OperationFailed,
            Operation = operation.Kind,
            DurationMs = (long)time.GetElapsedTime(started).TotalMilliseconds,
            Message = failure?.Cause,
            Failure = failure,
        });
        if (state == VmState.Unreachable)
            // What keeps us out may have passed already.
            bell.RingFor(vm.Id);
        bell.Free(vm.Id);
        if (failure is null)
            LogDone(vm.Id, vm.Spec.Name, operation.Kind);
        else
            LogFailed(vm.Id, vm.Spec.Name, operation.Kind, failure.Code, failure.Cause);
    }

    private static bool IsStill(Vm vm, VmOperation operation) => vm.Operation == operation && vm.State is not (VmState.Deleting or VmState.Deleted);

    // What the VM is after an operation that failed. One that runs, but did not let us in, is tried again by the reconciliation.
    private async Task<Func<Vm, Vm>> LookAsync(Vm vm, VmOperation operation, Failure failure, CancellationToken cancellation)
    {
        if (operation.Kind is OperationKind.Snapshot or OperationKind.DeleteSnapshot or OperationKind.Clone)
            return it => it;
        try
        {
            if (await hypervisor.FindPowerAsync(vm.Id, cancellation) != DomainPower.Running)
                return it => it.Off();
            return operation.Kind == OperationKind.Stop ? it => it : it => it.ShuttingOut(failure);
        }
        catch (FailureException)
        {
            // The reconciliation will know.
            return it => it;
        }
    }

    private static Failure Describe(Exception e, OperationKind kind) => e is FailureException known ? known.Failure
        : new Failure("internal_error", $"The operation {kind} failed unexpectedly: {e.Message}", "This is a defect of the service; its log has the details.");

    [LoggerMessage(Level = LogLevel.Information, Message = "VM {Id} ({Name}): {Operation} is done")]
    private partial void LogDone(Guid id, string name, OperationKind operation);

    [LoggerMessage(Level = LogLevel.Warning, Message = "VM {Id} ({Name}): {Operation} failed: {Code}: {Cause}")]
    private partial void LogFailed(Guid id, string name, OperationKind operation, string code, string cause);

    [LoggerMessage(Level = LogLevel.Error, Message = "VM {Id}: {Operation} failed unexpectedly")]
    private partial void LogUnexpected(Exception e, Guid id, OperationKind operation);
}
