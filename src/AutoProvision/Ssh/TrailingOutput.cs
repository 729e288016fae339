namespace AutoProvision.Ssh;

/// <summary>
/// Tells when the output of a shell that has exited is complete although its streams are open. sshd closes them when the last process that
/// holds them has ended, and a server that was started with <c>&amp;</c> holds them for as long as it runs. sshd tells the shell's exit at once,
/// before output that it has read already: so what still comes is taken, until no more comes or it cannot be the shell's own.
/// </summary>
internal sealed class TrailingOutput
{
    /// <summary>How often to look once the shell has exited.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    // Looks, not time: on a busy host the service itself may have been late to read.
    private const int Quiet = 5;
    private const int Most = 15;

    // What sshd holds back comes as fast as the network takes it; what comes slower is just being written.
    private const long Trickle = 64 * 1024;

    // More than sshd can hold of both streams (twice SSHBUF_SIZE_MAX).
    private const long Flood = 257L * 1024 * 1024;
    private readonly Queue<long> _last = new();
    private long? _first;
    private int _looks;

    /// <summary>To be asked at each look.</summary>
    /// <param name="received">How much came of both streams, ever.</param>
    /// <param name="isReaderLate">Whether something of it was not taken yet: then nothing can be told by how much comes.</param>
    public bool IsOver(long received, bool isReaderLate)
    {
        _first ??= received;
        if (received - _first > Flood)
            return true;
        if (isReaderLate)
        {
            _last.Clear();
            return false;
        }
        _looks++;
        _last.Enqueue(received);
        if (_last.Count <= Quiet)
            return false;
        var came = received - _last.Dequeue();
        return came == 0 || (_looks > Most && came < Trickle);
    }
}
