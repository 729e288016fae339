using AutoProvision.Hypervisors;
using AutoProvision.Provisioning.Reconciliation;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning;

/// <summary>Runs the steps in order; the first failure undoes what was begun and leaves a failed VM that says why.</summary>
public sealed partial class Pipeline(
    IEnumerable<IStep> steps, StepRunner runner, Teardown teardown, VmStore store, FailureEvidence evidence, IHypervisor hypervisor, DomainRuns runs, RoundBell bell, TimeProvider time, ILogger<Pipeline> logger)
{
    private const string SwitchedOff = "The guest switched itself off, as the power_state of its user-data says.";
    private const string Unseen = " cloud-init's end was not seen: nobody judged how it went.";
    private const string Off = "The guest is off, as the power_state of its user-data asks for; it was not seen whether it switched itself off or was cut off.";

    /// <summary>Makes the VM ready, degraded, failed, or stopped where its user-data says so; steps that are done already are left out.</summary>
    /// <param name="id">The VM.</param>
    /// <param name="boundary">Asks the job to stop where the next step would begin, or at once where it only waits.</param>
    /// <param name="cancellation">Stops it wherever it is.</param>
    /// <exception cref="OperationCanceledException">The VM is being deleted or the service stops: nothing was undone.</exception>
    /// <exception cref="FailureException"><c>journal_full</c>: nothing was undone, and the job can be run again.</exception>
    public async Task RunAsync(Guid id, CancellationToken boundary, CancellationToken cancellation)
    {
        try
        {
            await RunStepsAsync(id, boundary, cancellation);
        }
        // One that could not be recorded, on a full disk, is not the VM's failure: the job is tried again.
        catch (FailureException e) when (store.Find(id)!.Failure is not null)
        {
            LogFailed(id, store.Find(id)!.Spec.Name, e.Failure.Step, e.Code, e.Failure.Cause);
            await EndFailedAsync(id, cancellation);
        }
    }

    /// <summary>Undoes a VM whose failure is recorded already, and says that it failed.</summary>
    public async Task EndFailedAsync(Guid id, CancellationToken cancellation)
    {
        await teardown.UndoAsync(id, cancellation);
        var failure = store.Find(id)!.Failure!;
        store.Update(id, vm => vm.State == VmState.Provisioning ? vm with { State = VmState.Failed } : vm,
            new VmEvent { Type = VmEventType.State, Step = failure.Step, Message = failure.Cause, Failure = failure });
    }

    private async Task RunStepsAsync(Guid id, CancellationToken boundary, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(boundary, cancellation);
        await using var context = new StepContext(id, store);
        foreach (var step in steps.Where(step => !context.Vm.Done.Contains(step.Name)))
        {
            either.Token.ThrowIfCancellationRequested();
            if (context.IsOff && step.WaitsForGuest)
                continue;
            await RunStepAsync(step, context, either.Token, step.CanBeCutOff ? either.Token : cancellation);
        }
        await runs.LookAsync(id, cancellation);
        Finish(context);
    }

    private async Task RunStepAsync(IStep step, StepContext context, CancellationToken stopping, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        store.Update(context.Id, vm => vm with { Step = step.Name, Begun = [.. vm.Begun.Except([step.Name]), step.Name] },
            new VmEvent { Type = VmEventType.StepStarted, Step = step.Name });
        try
        {
            await runner.RunAsync(step, context, step.WaitsForGuest, cancellation);
        }
        catch (FailureException e) when (AskedPower.Explains(context.Vm, e.Failure))
        {
            stopping.ThrowIfCancellationRequested();
            context.IsOff = true;
            context.Report(context.HowOff = await HowOffAsync(context.Vm, cancellation));
        }
        catch (FailureException e)
        {
            // What fails because it was told to stop has not failed; a Ctrl-C reaches the tools as well as the service.
            stopping.ThrowIfCancellationRequested();
            var failure = await evidence.GatherAsync(context, e.Failure, cancellation) with { Step = step.Name };
            // On the VM before anything is undone: a restart meanwhile must not forget it and make the VM again.
            store.Update(context.Id, vm => vm with { Failure = failure },
                new VmEvent { Type = VmEventType.StepFailed, Step = step.Name, DurationMs = Milliseconds(started), Failure = failure });
            throw new FailureException(failure, e);
        }
        store.Update(context.Id, vm => vm with { Done = [.. vm.Done, step.Name] },
            new VmEvent { Type = VmEventType.StepCompleted, Step = step.Name, DurationMs = Milliseconds(started) });
    }

    // A console that cannot be read is no evidence.
    private async Task<string> HowOffAsync(Vm vm, CancellationToken cancellation)
    {
        var isDone = false;
        try
        {
            isDone = await AskedPower.IsDoneAsync(vm, hypervisor, cancellation);
        }
        catch (FailureException)
        {
            // The state says what is known without it.
        }
        return (isDone ? SwitchedOff : Off) + (AskedPower.IsJudged(vm) ? "" : Unseen);
    }

    private void Finish(StepContext context)
    {
        var complaint = context.Vm.Degradation;
        var state = context.IsOff ? VmState.Stopped : complaint is null ? VmState.Ready : VmState.Degraded;
        // A DELETE that came just now has the last word.
        var vm = store.Update(context.Id,
            vm => vm.State == VmState.Provisioning ? vm with { State = state, Step = null, Degradation = null, Failure = complaint, ReadyAt = context.IsOff ? null : time.GetUtcNow() } : vm,
            new VmEvent { Type = VmEventType.State, Message = context.IsOff ? context.HowOff : complaint?.Cause, Failure = complaint });
        bell.Free(vm.Id);
        LogFinished(vm.Id, vm.Spec.Name, vm.State, (time.GetUtcNow() - vm.CreatedAt).TotalSeconds);
    }

    private long Milliseconds(long started) => (long)time.GetElapsedTime(started).TotalMilliseconds;

    [LoggerMessage(Level = LogLevel.Information, Message = "VM {Id} ({Name}) is {State} after {Seconds:0.0} s")]
    private partial void LogFinished(Guid id, string name, VmState state, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "VM {Id} ({Name}) failed in step {Step}: {Code}: {Cause}")]
    private partial void LogFailed(Guid id, string name, string? step, string code, string cause);
}
