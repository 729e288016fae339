using System.Collections.Concurrent;

namespace AutoProvision.Provisioning;

/// <summary>The jobs under way, so that a DELETE can stop one and wait until it has really stopped.</summary>
public sealed class RunningJobs
{
    private readonly ConcurrentDictionary<Guid, Job> _jobs = new();

    /// <summary>Runs work that <see cref="StopAsync"/> can cancel.</summary>
    public async Task RunAsync(Guid id, Func<CancellationToken, Task> work, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var job = new Job(stop, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _jobs[id] = job;
        try
        {
            await work(stop.Token);
        }
        finally
        {
            // Another job of the VM may have taken its place.
            _jobs.TryRemove(KeyValuePair.Create(id, job));
            lock (job)
                job.Over.SetResult();
        }
    }

    /// <summary>Cancels the VM's job, if there is one, and waits for its end.</summary>
    public async Task StopAsync(Guid id, CancellationToken cancellation)
    {
        if (!_jobs.TryGetValue(id, out var job))
            return;
        lock (job)
        {
            // Over means disposed.
            if (!job.Over.Task.IsCompleted)
                job.Stop.Cancel();
        }
        await job.Over.Task.WaitAsync(cancellation);
    }

    private sealed record Job(CancellationTokenSource Stop, TaskCompletionSource Over);
}
