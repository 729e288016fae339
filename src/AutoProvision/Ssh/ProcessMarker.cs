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
    private readonly string _token = $"autoprovision-exec-{Guid.NewGuid():N} ";
    private readonly List<byte> _held = [];
    private bool _passing;
    private volatile int _processId;

    /// <summary>Null until the command's shell has told it.</summary>
    public int? ProcessId => _processId == 0 ? null : _processId;

    /// <param name="command">What to run.</param>
    /// <param name="hasInput">Without input the shell closes it itself: SSH.NET sends an end of file only after data.</param>
    public string Wrap(string command, bool hasInput) =>
        $"echo \"{_token}$$\" >&2{(hasInput ? "" : "; exec </dev/null")}\n{command}";

    /// <summary>Hands on what is not the marker.</summary>
    public void Filter(ReadOnlySpan<byte> chunk, ByteSink next)
    {
        if (_passing)
        {
            next(chunk);
            return;
        }
        _held.AddRange(chunk);
        TakeMarker();
        if (_passing || _held.Count > MostNoise)
            Flush(next);
    }

    /// <summary>At the end of the stream: hands on what was held back.</summary>
    public void Flush(ByteSink next)
    {
        _passing = true;
        next([.. _held]);
        _held.Clear();
    }

    private void TakeMarker()
    {
        var bytes = _held.ToArray().AsSpan();
        var start = bytes.IndexOf(Encoding.ASCII.GetBytes(_token));
        if (start < 0)
            return;
        var number = bytes[(start + _token.Length)..];
        var length = number.IndexOf((byte)'\n');
        if (length < 0)
            return;
        if (int.TryParse(number[..length], NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            _processId = id;
        _held.RemoveRange(start, _token.Length + length + 1);
        _passing = true;
    }
}
