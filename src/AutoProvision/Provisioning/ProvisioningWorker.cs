using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning;

/// <summary>The hosted service that takes VMs from the queues and makes or tears down a bounded number at a time.</summary>
public sealed partial class ProvisioningWorker(
    JobQueue queue, RunningJobs running, Pipeline pipeline, Teardown teardown, Recovery recovery, VmStore store,
    IOptions<ProvisioningOptions> options, TimeProvider time, ILogger<ProvisioningWorker> logger) : BackgroundService
{
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        recovery.RequeueAll();
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var creations = Enumerable.Range(0, options.Value.Concurrency).Select(_ => CreateAllAsync(stoppingToken));
        try
        {
            await Task.WhenAll([.. creations, DeleteAllAsync(stoppingToken)]);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The queues have no end of their own.
        }
    }

    private async Task CreateAllAsync(CancellationToken stopping)
    {
        await foreach (var id in queue.Creations.ReadAllAsync(stopping))
            await PersistAsync(id, () => running.RunAsync(id, cancellation => MakeAsync(id, cancellation), stopping), stopping);
    }

    // Each deletion is a task of its own: one that must wait for its host keeps none of the others waiting. Teardown bounds the work.
    private async Task DeleteAllAsync(CancellationToken stopping)
    {
        var deletions = new List<Task>();
        try
        {
            await foreach (var id in queue.Deletions.ReadAllAsync(stopping))
            {
                deletions.RemoveAll(task => task.IsCompleted);
                deletions.Add(PersistAsync(id, () => DeleteAsync(id, stopping), stopping));
            }
        }
        finally
        {
            await Task.WhenAll(deletions);
        }
    }

    /// <summary>
    /// Does a job to its end. A job can die only where its own failure cannot be recorded, such as on a full disk: it is tried
    /// again until it can.
    /// </summary>
    private async Task PersistAsync(Guid id, Func<Task> job, CancellationToken stopping)
    {
        try
        {
            while (!await TryAsync(id, job))
                await Task.Delay(options.Value.TeardownRetry, time, stopping);
        }
        catch (OperationCanceledException)
        {
            // Stopping: recovery goes on with it at the next start.
        }
    }

    private async Task<bool> TryAsync(Guid id, Func<Task> job)
    {
        try
        {
            await job();
            return true;
        }
        catch (OperationCanceledException)
        {
            // Deleted (its own job goes on with it) or stopping.
            return true;
        }
        catch (Exception e)
        {
            LogJobDied(e, id);
            return false;
        }
    }

    private async Task MakeAsync(Guid id, CancellationToken cancellation)
    {
        var left = store.Find(id);
        if (left is { State: VmState.Provisioning, Failure: not null })
        {
            await pipeline.EndFailedAsync(id, cancellation);
            return;
        }
        // Left over from a run that was cut off: half-made things are removed before they are made again.
        if (left is { State: VmState.Queued or VmState.Provisioning, Begun.Count: > 0 })
            await teardown.UndoAllAsync(id, cancellation);
        var vm = store.Update(id, vm => vm.State == VmState.Queued ? vm with { State = VmState.Provisioning } : vm, new VmEvent { Type = VmEventTypes.State });
        if (vm.State == VmState.Provisioning)
            await pipeline.RunAsync(id, cancellation);
    }

    private async Task DeleteAsync(Guid id, CancellationToken stopping)
    {
        await running.StopAsync(id, stopping);
        await teardown.DeleteAsync(id, stopping);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The job of VM {Id} died and is tried again")]
    private partial void LogJobDied(Exception e, Guid id);
}
