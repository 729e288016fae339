namespace AutoProvision.Images.Downloads;

/// <summary>Ends an exchange in which nothing happened for a while, however long the whole may take.</summary>
internal sealed class StallGuard : IDisposable
{
    private readonly TimeSpan patience;
    private readonly CancellationTokenSource stalled;
    private readonly CancellationTokenSource either;
    private readonly CancellationToken cancellation;

    public StallGuard(TimeSpan patience, TimeProvider time, CancellationToken cancellation)
    {
        this.patience = patience;
        this.cancellation = cancellation;
        stalled = new(patience, time);
        either = CancellationTokenSource.CreateLinkedTokenSource(stalled.Token, cancellation);
    }

    /// <summary>Runs one exchange with the server, which must end in time.</summary>
    /// <exception cref="IOException">It did not.</exception>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> exchange)
    {
        stalled.CancelAfter(patience);
        try
        {
            return await exchange(either.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new IOException($"no byte came for {patience.TotalSeconds:0.##} s", e);
        }
        finally
        {
            // Between exchanges the disk may take its time.
            stalled.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose()
    {
        either.Dispose();
        stalled.Dispose();
    }
}
