namespace AutoProvision.Ssh;

/// <summary>
/// Runs what blocks on a thread of its own. SSH.NET waits on handles and monitors inside its handshake, channel opening and output streams;
/// on pool threads a few commands at once would starve the whole service.
/// </summary>
internal static class DedicatedThread
{
    public static Task<T> RunAsync<T>(Func<T> work) => Task.Factory.StartNew(
        work, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    public static Task RunAsync(Action work) => RunAsync(() =>
    {
        work();
        return true;
    });
}
