using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning;

/// <summary>The hosted service that takes VMs from the queues and makes or tears down a bounded number at a time.</summary>
public sealed class ProvisioningWorker(
    JobQueue queue, PersistentJobs jobs, RunningJobs running, Pipeline pipeline, Teardown teardown, Resumption resumption, Recovery recovery, VmStore store,
    IOptions<ProvisioningOptions> options, IHostApplicationLifetime lifetime, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan CutOffGrace = TimeSpan.FromSeconds(2);

    // Told to stop, jobs end at their next step boundary; this ends them wherever they are.
    private readonly CancellationTokenSource _cutOff = new();

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        recovery.RequeueAll();
        await base.StartAsync(cancellationToken);
    }

    /// <summary>Jobs stop at their next step boundary. What has not got there when the host's deadline is over is cut off, and undone at the next start.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await using var deadline = cancellationToken.Register(_cutOff.Cancel);
        await base.StopAsync(cancellationToken);
        // Cut off, they end at once; but for virt-install, which is not to be left half-way.
        if (ExecuteTask is { } last)
            await last.WaitAsync(CutOffGrace, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public override void Dispose()
    {
        _cutOff.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // As soon as the service is told to stop, not only when the services that are stopped before this one have.
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
        var creations = Enumerable.Range(0, options.Value.Concurrency).Select(_ => CreateAllAsync(stopping.Token));
        try
        {
            await Task.WhenAll([.. creations, DeleteAllAsync(stopping.Token)]);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The queues have no end of their own.
        }
    }

    private async Task CreateAllAsync(CancellationToken stopping)
    {
        await foreach (var id in queue.Creations.ReadAllAsync(stopping))
            await jobs.PersistAsync(id, () => running.RunAsync(id, cancellation => MakeAsync(id, stopping, cancellation), _cutOff.Token), stopping);
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
                deletions.Add(jobs.PersistAsync(id, () => DeleteAsync(id, stopping), stopping));
            }
        }
        finally
        {
            await Task.WhenAll(deletions);
        }
    }

    private async Task MakeAsync(Guid id, CancellationToken boundary, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(boundary, cancellation);
        // One that was deleted while it waited may even be forgotten by now.
        if (store.Find(id) is not { State: VmState.Queued or VmState.Provisioning } left)
            return;
        if (left is { State: VmState.Provisioning, Failure: not null })
        {
            await pipeline.EndFailedAsync(id, either.Token);
            return;
        }
        await resumption.PrepareAsync(id, either.Token);
        var vm = store.Update(id, vm => vm.State == VmState.Queued ? vm with { State = VmState.Provisioning } : vm, new VmEvent { Type = VmEventTypes.State });
        if (vm.State == VmState.Provisioning)
            await pipeline.RunAsync(id, boundary, cancellation);
    }

    private async Task DeleteAsync(Guid id, CancellationToken stopping)
    {
        await running.StopAsync(id, stopping);
        await teardown.DeleteAsync(id, stopping);
    }
}
