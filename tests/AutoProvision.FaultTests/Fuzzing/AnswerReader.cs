using System.Buffers;
using System.Globalization;

namespace AutoProvision.FaultTests.Fuzzing;

/// <summary>Reads an HTTP/1.1 answer from bytes that come in pieces (RFC 9112, section 6.3).</summary>
internal sealed class AnswerReader(bool hasNoBody)
{
    private readonly ArrayBufferWriter<byte> _received = new();
    private int _bodyAt;

    // Where the next chunk begins, from the body's begin.
    private int _chunkAt;
    private bool _isChunked;
    private int? _length;

    public int Status { get; private set; }

    public Dictionary<string, string> Headers { get; } = [];

    public bool HasHead => Status != 0;

    public string Body => _isChunked ? Unchunk(Rest) : Bytes.Of(Rest[..Math.Min(Rest.Length, _length ?? int.MaxValue)]);

    /// <summary>Whether the answer has come to its end; of one without a length the connection's end is its own.</summary>
    public bool IsWhole => HasHead && (_length is { } length ? Rest.Length >= length : _isChunked && HasLastChunk());

    /// <summary>Whether the end of the connection is the end of the answer.</summary>
    public bool EndsWithConnection => HasHead && _length is null && !_isChunked;

    private ReadOnlySpan<byte> Rest => _received.WrittenSpan[_bodyAt..];

    public void Add(ReadOnlySpan<byte> piece)
    {
        _received.Write(piece);
        while (!HasHead && ReadHead())
        {
        }
    }

    // One that is only "100 Continue" is followed by another.
    private bool ReadHead()
    {
        var end = Rest.IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return false;
        var lines = Bytes.Of(Rest[..end]).Split("\r\n");
        _bodyAt += end + 4;
        var status = lines[0].Split(' ') is ["HTTP/1.1", var number, ..] && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var read) ? read : -1;
        if (status is 100)
            return true;
        Status = status;
        foreach (var line in lines.Skip(1))
            Headers[line.Split(':')[0].ToLowerInvariant()] = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        _isChunked = Headers.GetValueOrDefault("transfer-encoding") == "chunked";
        _length = hasNoBody || Status is 204 or 304 ? 0
            : Headers.TryGetValue("content-length", out var length) ? int.Parse(length, NumberStyles.None, CultureInfo.InvariantCulture) : null;
        return true;
    }

    private bool HasLastChunk()
    {
        while (_chunkAt < Rest.Length && Rest[_chunkAt..] is var left && left.IndexOf("\r\n"u8) is > 0 and var line && SizeOf(left[..line]) is { } size)
        {
            if (size == 0)
                return left[line..].StartsWith("\r\n\r\n"u8);
            _chunkAt += line + 2 + size + 2;
        }
        return false;
    }

    private static int? SizeOf(ReadOnlySpan<byte> line) => int.TryParse(line, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var size) ? size : null;

    private static string Unchunk(ReadOnlySpan<byte> bytes)
    {
        var whole = new ArrayBufferWriter<byte>();
        while (bytes.IndexOf("\r\n"u8) is > 0 and var line && SizeOf(bytes[..line]) is > 0 and var size)
        {
            bytes = bytes[(line + 2)..];
            whole.Write(bytes[..Math.Min(size, bytes.Length)]);
            bytes = bytes[Math.Min(size + 2, bytes.Length)..];
        }
        return Bytes.Of(whole.WrittenSpan);
    }
}
