namespace AutoProvision.Ssh;

/// <summary>A channel that keeps its connection in the pool for as long as it is open.</summary>
/// <param name="channel">The channel.</param>
/// <param name="lease">Of its connection.</param>
/// <param name="closed">Told when both are given back.</param>
internal sealed class LeasedChannel(ISshChannel channel, PoolSlot.Lease lease, Action closed) : ISshChannel
{
    private int _disposed;

    public Stream Output => channel.Output;

    public Stream Input => channel.Input;

    public string ReadError() => channel.ReadError();

    public async ValueTask DisposeAsync()
    {
        // A lease is given back once.
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        try
        {
            await channel.DisposeAsync();
        }
        finally
        {
            lease.Dispose();
            closed();
        }
    }
}
