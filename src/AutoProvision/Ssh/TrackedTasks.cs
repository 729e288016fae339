using System.Collections.Concurrent;

namespace AutoProvision.Ssh;

/// <summary>Work that outlives its caller, such as closing a connection nobody waits for: kept here until done, awaited at shutdown.</summary>
internal sealed class TrackedTasks : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Task, bool> _running = new();

    public void Add(Task task)
    {
        _running.TryAdd(task, true);
        task.ContinueWith(done => _running.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    public async ValueTask DisposeAsync() =>
        await Task.WhenAll(_running.Keys).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
