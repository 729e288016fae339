using System.Threading.Channels;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning;

/// <summary>The hosted service that takes VMs from the queues, a bounded number at a time.</summary>
public sealed partial class ProvisioningWorker(
    JobQueue queue, RunningJobs running, Pipeline pipeline, Teardown teardown, Recovery recovery, VmStore store,
    IOptions<ProvisioningOptions> options, ILogger<ProvisioningWorker> logger) : BackgroundService
{
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        recovery.Requeue();
        await base.StartAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
    [
        .. Enumerable.Range(0, options.Value.Concurrency).Select(_ => DrainAsync(queue.Creations, CreateAsync, stoppingToken)),
        .. Enumerable.Range(0, options.Value.TeardownConcurrency).Select(_ => DrainAsync(queue.Deletions, DeleteAsync, stoppingToken)),
    ]);

    private async Task DrainAsync(ChannelReader<Guid> reader, Func<Guid, CancellationToken, Task> work, CancellationToken stopping)
    {
        await foreach (var id in reader.ReadAllAsync(stopping))
        {
            try
            {
                await work(id, stopping);
            }
            catch (OperationCanceledException)
            {
                // Deleted (its own job goes on with it) or stopping (recovery goes on with it at the next start).
            }
            catch (Exception e)
            {
                LogJobDied(e, id);
            }
        }
    }

    private async Task CreateAsync(Guid id, CancellationToken stopping)
    {
        try
        {
            await running.RunAsync(id, cancellation => MakeAsync(id, cancellation), stopping);
        }
        finally
        {
            queue.Release();
        }
    }

    private async Task MakeAsync(Guid id, CancellationToken cancellation)
    {
        var left = store.Find(id)!;
        if (left.State == VmState.Provisioning)
        {
            await pipeline.EndFailedAsync(id, cancellation);
            return;
        }
        // Left over from a run that was killed: half-made things are removed before they are made again.
        if (left.State == VmState.Queued && left.Begun.Count > 0)
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

    [LoggerMessage(Level = LogLevel.Error, Message = "The job of VM {Id} died")]
    private partial void LogJobDied(Exception e, Guid id);
}
