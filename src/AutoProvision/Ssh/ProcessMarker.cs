using System.Globalization;
using System.Text;

namespace AutoProvision.Ssh;

/// <summary>
/// Learns a remote command's process id: its shell is asked to tell it on stderr first, and that line is taken out again.
/// The id is what a command can be ended by. SSH's own <c>signal</c> request is not enough: OpenSSH 9.2 refuses it for root's
/// sessions ("session signalling requires privilege separation"), and it does not reach what runs under sudo.
/// </summary>
internal sealed class ProcessMarker
{
    // What a login shell's start-up files say before the command; more than this, and the marker will not come.
    private const int MostNoise = 64 * 1024;
    private readonly List<byte> _held = [];
    private bool _passing;
    private volatile int _processId;

    /// <summary>What the id is told after.</summary>
    public string Token { get; } = $"autoprovision-exec-{Guid.NewGuid():N} ";

    /// <summary>Null until the command's shell has told it.</summary>
    public int? ProcessId => _processId == 0 ? null : _processId;

    /// <summary>What was said and is neither the marker nor handed on.</summary>
    public string Held => Encoding.UTF8.GetString([.. _held]);

    /// <summary>Hands on what is not the marker, nothing at all being handed on too as soon as the marker came.</summary>
    public void Filter(ReadOnlySpan<byte> chunk, ByteSink next)
    {
        if (_passing)
        {
            next(chunk);
            return;
        }
        _held.AddRange(chunk);
        if (TakeMarker() || _held.Count > MostNoise)
            Flush(next);
    }

    /// <summary>At the end of the stream: hands on what was held back.</summary>
    public void Flush(ByteSink next)
    {
        _passing = true;
        next([.. _held]);
        _held.Clear();
    }

    private bool TakeMarker()
    {
        var bytes = _held.ToArray().AsSpan();
        var start = bytes.IndexOf(Encoding.ASCII.GetBytes(Token));
        if (start < 0)
            return false;
        var number = bytes[(start + Token.Length)..];
        var length = number.IndexOf((byte)'\n');
        if (length < 0)
            return false;
        if (int.TryParse(number[..length], NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            _processId = id;
        _held.RemoveRange(start, Token.Length + length + 1);
        return true;
    }
}
