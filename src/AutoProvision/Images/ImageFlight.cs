using System.Diagnostics.CodeAnalysis;

namespace AutoProvision.Images;

/// <summary>
/// One making of an image that any number of callers wait for. A caller who gives up leaves the others alone; when the last one
/// gives up the work is cancelled, and that caller waits for it to have ended.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification = "The token source has no timer, and what is linked to it ends with the work.")]
internal sealed class ImageFlight : IProgress<ImageProgress>
{
    private readonly Lock _gate = new();
    // Held while listeners are told, so that each sees the newest last.
    private readonly Lock _telling = new();
    private readonly CancellationTokenSource _abandoned = new();
    private readonly Action<Exception> _listenerFailed;
    private readonly Task<BaseImage> _work;
    private List<IProgress<ImageProgress>> _listeners = [];
    private int _waiters;
    private bool _abandonedByAll;

    public ImageFlight(Func<ImageFlight, CancellationToken, Task<BaseImage>> work, Action<Exception> listenerFailed)
    {
        _listenerFailed = listenerFailed;
        var token = _abandoned.Token;
        _work = Task.Run(() => work(this, token), CancellationToken.None);
    }

    /// <summary>The newest progress; null while nothing needs making.</summary>
    public ImageProgress? Latest { get; private set; }

    /// <summary>Completes when the work is over, however it went; never faults.</summary>
    public Task Ended => _work.ContinueWith(static done => _ = done.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>
    /// False when the work was abandoned: start another after <see cref="Ended"/>. Work that ended before its caller came to join
    /// it still gives its image or its failure: started again, it could end so again, without end.
    /// </summary>
    public bool TryJoin(IProgress<ImageProgress>? progress)
    {
        lock (_telling)
        {
            lock (_gate)
            {
                if (_abandonedByAll)
                    return false;
                _waiters++;
                if (progress is not null)
                    _listeners = [.. _listeners, progress];
            }
            if (Latest is { } latest)
                Tell(progress, latest);
            return true;
        }
    }

    /// <summary>Waits for the image; every successful <see cref="TryJoin"/> is followed by exactly one call.</summary>
    public async Task<BaseImage> WaitAsync(IProgress<ImageProgress>? progress, CancellationToken cancellation)
    {
        try
        {
            return await _work.WaitAsync(cancellation);
        }
        finally
        {
            if (Leave(progress))
            {
                await _abandoned.CancelAsync();
                await Ended;
            }
        }
    }

    public void Report(ImageProgress value)
    {
        lock (_telling)
        {
            IReadOnlyList<IProgress<ImageProgress>> told;
            lock (_gate)
            {
                Latest = value;
                told = _listeners;
            }
            foreach (var listener in told)
                Tell(listener, value);
        }
    }

    /// <returns>Whether that was the last waiter of unfinished work.</returns>
    private bool Leave(IProgress<ImageProgress>? progress)
    {
        lock (_gate)
        {
            Forget(progress);
            return _abandonedByAll = --_waiters == 0 && !_work.IsCompleted;
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
            lock (_gate)
                Forget(listener);
            _listenerFailed(e);
        }
    }

    private void Forget(IProgress<ImageProgress>? listener)
    {
        var index = listener is null ? -1 : _listeners.IndexOf(listener);
        if (index >= 0)
            _listeners = [.. _listeners[..index], .. _listeners[(index + 1)..]];
    }
}
