using System.Threading.Channels;

namespace AutoProvision.Ssh;

/// <summary>
/// Holds a connection's incoming bytes back while too many of those that have arrived wait for their reader.
/// SSH.NET itself never does: it offers 2 GiB of window and takes all that comes into its memory (sshnet/SSH.NET issues 1671 and 1776).
/// </summary>
internal sealed class FlowGate
{
    private const long MostWaiting = 1024 * 1024;
    private readonly Channel<bool> _drained = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private volatile Func<long>? _waiting;

    /// <summary>From now on as many bytes as this says count as waiting.</summary>
    public void Watch(Func<long> waiting) => _waiting = waiting;

    /// <summary>Lets everything through for good.</summary>
    public void Open()
    {
        _waiting = null;
        Drained();
    }

    /// <summary>To be told after each piece that a reader took.</summary>
    public void Drained() => _drained.Writer.TryWrite(true);

    public async ValueTask PassAsync(CancellationToken cancellation)
    {
        while (_waiting is { } waiting && waiting() > MostWaiting)
            await _drained.Reader.ReadAsync(cancellation);
    }
}
