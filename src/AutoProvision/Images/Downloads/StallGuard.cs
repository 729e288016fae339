namespace AutoProvision.Images.Downloads;

/// <summary>Ends an exchange in which nothing happened for a while, however long the whole may take.</summary>
internal sealed class StallGuard : IDisposable
{
    private readonly TimeSpan _patience;
    private readonly CancellationTokenSource _stalled;
    private readonly CancellationTokenSource _either;
    private readonly CancellationToken _cancellation;

    public StallGuard(TimeSpan patience, TimeProvider time, CancellationToken cancellation)
    {
        _patience = patience;
        _cancellation = cancellation;
        _stalled = new(_patience, time);
        _either = CancellationTokenSource.CreateLinkedTokenSource(_stalled.Token, _cancellation);
    }

    /// <summary>Runs one exchange with the server, which must end in time.</summary>
    /// <exception cref="IOException">It did not.</exception>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> exchange)
    {
        _stalled.CancelAfter(_patience);
        try
        {
            return await exchange(_either.Token);
        }
        catch (OperationCanceledException e) when (!_cancellation.IsCancellationRequested)
        {
            throw new IOException($"no byte came for {_patience.TotalSeconds:0.##} s", e);
        }
        finally
        {
            // Between exchanges the disk may take its time.
            _stalled.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose()
    {
        _either.Dispose();
        _stalled.Dispose();
    }
}
