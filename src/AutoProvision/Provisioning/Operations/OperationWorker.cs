namespace AutoProvision.Provisioning.Operations;

/// <summary>The hosted service that does the operations, each VM's on its own. All of them can be cut off: the next start does them again.</summary>
public sealed class OperationWorker(JobQueue queue, PersistentJobs jobs, RunningJobs running, OperationRunner runner, IHostApplicationLifetime lifetime) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
        var operations = new List<Task>();
        try
        {
            await foreach (var id in queue.Operations.ReadAllAsync(stopping.Token))
            {
                operations.RemoveAll(task => task.IsCompleted);
                operations.Add(jobs.PersistAsync(id, () => running.RunAsync(id, cancellation => runner.RunAsync(id, cancellation), stopping.Token), stopping.Token));
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The queue has no end of its own.
        }
        finally
        {
            await Task.WhenAll(operations);
        }
    }
}
