using AutoProvision.Vms;

namespace AutoProvision.Provisioning;

/// <summary>Takes up what an earlier run of the service left unfinished.</summary>
public sealed partial class Recovery(VmStore store, JobQueue queue, ILogger<Recovery> logger)
{
    /// <summary>
    /// Unfinished VMs go back to the queue and go on after the last step that was done, unless they had failed and only the
    /// undo was cut off; unfinished deletions and operations go on.
    /// </summary>
    public void RequeueAll()
    {
        foreach (var vm in store.List())
        {
            if (vm.State is VmState.Queued or VmState.Provisioning)
                Requeue(vm);
            else if (vm.State == VmState.Deleting)
                queue.Delete(vm.Id);
            else if (vm.Operation is not null)
                queue.Operate(vm.Id);
        }
    }

    private void Requeue(Vm vm)
    {
        LogResumed(vm.Id, vm.Spec.Name, vm.Step);
        if (vm.State == VmState.Provisioning && vm.Failure is null)
            TryTell(vm);
        queue.Create(vm.Id);
    }

    // On a full disk this cannot be journalled. The service has to start all the same: deleting VMs makes room.
    private void TryTell(Vm vm)
    {
        try
        {
            store.Update(vm.Id, it => it with { State = VmState.Queued, Step = null },
                new VmEvent { Type = VmEventTypes.State, Step = vm.Step, Message = "The service was restarted; the job goes on after the last step that was done." });
        }
        catch (FailureException e) when (e.Code == VmFailures.JournalFull)
        {
            LogNotTold(vm.Id, e.Failure.Cause);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "VM {Id} is taken up again, but that cannot be journalled: {Cause}")]
    private partial void LogNotTold(Guid id, string cause);

    [LoggerMessage(Level = LogLevel.Information, Message = "VM {Id} ({Name}) was unfinished in step {Step}: queued again")]
    private partial void LogResumed(Guid id, string name, string? step);
}
