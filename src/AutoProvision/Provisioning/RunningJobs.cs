using System.Collections.Concurrent;

namespace AutoProvision.Provisioning;

/// <summary>The jobs under way, of which a VM may have several, so that a DELETE can stop them and wait until they have really stopped.</summary>
public sealed class RunningJobs
{
    private readonly ConcurrentDictionary<Job, Guid> _jobs = new();

    /// <summary>Runs work that <see cref="StopAsync(Guid, CancellationToken)"/> can cancel.</summary>
    public async Task RunAsync(Guid id, Func<CancellationToken, Task> work, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var job = new Job(stop);
        _jobs[job] = id;
        try
        {
            await work(stop.Token);
        }
        finally
        {
            _jobs.TryRemove(job, out _);
            job.End();
        }
    }

    /// <summary>Cancels the VM's jobs, if there are any, and waits for their end.</summary>
    public Task StopAsync(Guid id, CancellationToken cancellation) =>
        Task.WhenAll(_jobs.Where(entry => entry.Value == id).Select(entry => entry.Key.StopAsync(cancellation)).ToList());

    private sealed class Job(CancellationTokenSource stop)
    {
        private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void End()
        {
            lock (_over)
                _over.SetResult();
        }

        public Task StopAsync(CancellationToken cancellation)
        {
            lock (_over)
            {
                // Over means disposed.
                if (!_over.Task.IsCompleted)
                    stop.Cancel();
            }
            return _over.Task.WaitAsync(cancellation);
        }
    }
}
