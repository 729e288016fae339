using System.Threading.Channels;

namespace AutoProvision.Provisioning.Reconciliation;

/// <summary>Rung by whoever knows that a round of the reconciliation is worth its while before its time; many rings are one.</summary>
public sealed class RoundBell
{
    private readonly Channel<bool> _rings = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Ring() => _rings.Writer.TryWrite(true);

    /// <summary>Ends when it was rung since it was last silenced.</summary>
    public async Task RungAsync(CancellationToken cancellation) => await _rings.Reader.WaitToReadAsync(cancellation);

    public void Silence() => _rings.Reader.TryRead(out _);
}
