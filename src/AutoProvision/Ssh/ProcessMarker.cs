using System.Globalization;
using System.Text;

namespace AutoProvision.Ssh;

/// <summary>
/// Learns a remote command's process id: its shell is asked to tell it on stderr first, and that line is taken out again.
/// The id is what a command can be ended by. SSH's own <c>signal</c> request is not enough: OpenSSH 9.2 refuses it for root's
/// sessions ("session signalling requires privilege separation"), and it does not reach what runs under sudo.
/// </summary>
internal sealed class ProcessMarker(bool dropsNoise = false)
{
    // What a login shell's start-up files say before the command; more than this, and the marker will not come.
    private const int MostNoise = 64 * 1024;
    // Of that, so much is kept where it is not handed on: the marker may still come, and a failure shows the end of it.
    private const int KeptNoise = 4096;
    private readonly List<byte> _held = [];
    private bool _passing;
    private volatile int _processId;
    private volatile string? _loginShell;
    private string _noise = "";

    /// <summary>What the id is told after.</summary>
    public string Token { get; init; } = $"autoprovision-exec-{Guid.NewGuid():N} ";

    /// <summary>Null until the command's shell has told it.</summary>
    public int? ProcessId => _processId == 0 ? null : _processId;

    /// <summary>The path of the login shell, where the marker tells that too.</summary>
    public string? LoginShell => _loginShell;

    /// <summary>What was said and is neither the marker nor handed on.</summary>
    public string Held => _held.Count > 0 ? Encoding.UTF8.GetString([.. _held]) : _noise;

    /// <summary>Hands on what is not the marker, nothing at all being handed on too as soon as the marker came.</summary>
    public void Filter(ReadOnlySpan<byte> chunk, ByteSink next)
    {
        if (_passing)
        {
            next(chunk);
            return;
        }
        _held.AddRange(chunk);
        if (TakeMarker() || (_held.Count > MostNoise && !dropsNoise))
            Flush(next);
        else if (_held.Count > MostNoise)
            _held.RemoveRange(0, _held.Count - KeptNoise);
    }

    /// <summary>At the end of the stream: hands on what was held back, unless noise is dropped and the marker never came.</summary>
    public void Flush(ByteSink next)
    {
        if (dropsNoise && ProcessId is null)
            return;
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
        var told = Encoding.UTF8.GetString(number[..length]).Split(' ', 2);
        // Who prints another's line first may tell any number: to end 0 or 1 would end everything.
        if (int.TryParse(told[0], NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 1)
            (_processId, _loginShell) = (id, told.ElementAtOrDefault(1));
        if (dropsNoise)
        {
            _noise = Encoding.UTF8.GetString(bytes[..Math.Min(start, KeptNoise)]);
            _held.RemoveRange(0, start);
            start = 0;
        }
        _held.RemoveRange(start, Token.Length + length + 1);
        return true;
    }
}
