using System.Diagnostics.CodeAnalysis;

namespace AutoProvision.Images;

/// <summary>
/// One making of an image that any number of callers wait for. A caller who gives up leaves the others alone; when the last one
/// gives up the work is cancelled, and that caller waits for it to have ended.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification = "The token source has no timer, and what is linked to it ends with the work.")]
internal sealed class ImageFlight : IProgress<ImageProgress>
{
    private readonly Lock gate = new();
    private readonly CancellationTokenSource abandoned = new();
    private readonly Action<Exception> listenerFailed;
    private readonly Task<BaseImage> work;
    private List<IProgress<ImageProgress>> listeners = [];
    private int waiters;
    private bool over;

    public ImageFlight(Func<ImageFlight, CancellationToken, Task<BaseImage>> work, Action<Exception> listenerFailed)
    {
        this.listenerFailed = listenerFailed;
        var token = abandoned.Token;
        this.work = Task.Run(() => work(this, token), CancellationToken.None);
    }

    /// <summary>The newest progress; null while nothing needs making.</summary>
    public ImageProgress? Latest { get; private set; }

    /// <summary>Completes when the work is over, however it went; never faults.</summary>
    public Task Ended => work.ContinueWith(static done => _ = done.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>False when the work was abandoned or is over: start another after <see cref="Ended"/>.</summary>
    public bool TryJoin(IProgress<ImageProgress>? progress)
    {
        ImageProgress? latest;
        lock (gate)
        {
            if (over || work.IsCompleted)
                return false;
            waiters++;
            if (progress is not null)
                listeners = [.. listeners, progress];
            latest = Latest;
        }
        if (latest is not null)
            Tell(progress, latest);
        return true;
    }

    /// <summary>Waits for the image; every successful <see cref="TryJoin"/> is followed by exactly one call.</summary>
    public async Task<BaseImage> WaitAsync(IProgress<ImageProgress>? progress, CancellationToken cancellation)
    {
        try
        {
            return await work.WaitAsync(cancellation);
        }
        finally
        {
            if (Leave(progress))
            {
                await abandoned.CancelAsync();
                await Ended;
            }
        }
    }

    public void Report(ImageProgress value)
    {
        IReadOnlyList<IProgress<ImageProgress>> told;
        lock (gate)
        {
            Latest = value;
            told = listeners;
        }
        foreach (var listener in told)
            Tell(listener, value);
    }

    /// <returns>Whether that was the last waiter of unfinished work.</returns>
    private bool Leave(IProgress<ImageProgress>? progress)
    {
        lock (gate)
        {
            Forget(progress);
            return over = --waiters == 0 && !work.IsCompleted;
        }
    }

    private void Tell(IProgress<ImageProgress>? listener, ImageProgress value)
    {
        try
        {
            listener?.Report(value);
        }
        catch (Exception e)
        {
            // One caller's fault must not fail the image for all the others.
            lock (gate)
                Forget(listener);
            listenerFailed(e);
        }
    }

    private void Forget(IProgress<ImageProgress>? listener)
    {
        var index = listener is null ? -1 : listeners.IndexOf(listener);
        if (index >= 0)
            listeners = [.. listeners[..index], .. listeners[(index + 1)..]];
    }
}
