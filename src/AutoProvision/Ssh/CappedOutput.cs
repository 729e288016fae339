using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace AutoProvision.Ssh;

internal delegate void ByteSink(ReadOnlySpan<byte> chunk);

/// <summary>Keeps the first bytes of a stream and counts the rest as cut off. Written by one thread, read after it ended.</summary>
internal sealed class CappedOutput(int limit)
{
    private readonly ArrayBufferWriter<byte> _kept = new();

    public bool Truncated { get; private set; }

    public string Text => Encoding.UTF8.GetString(Whole.Span);

    /// <summary>The bytes where they are no UTF-8, null otherwise.</summary>
    public ReadOnlyMemory<byte>? Bytes => Utf8.IsValid(Whole.Span) ? default(ReadOnlyMemory<byte>?) : _kept.WrittenMemory;

    // A character that the cap cut in two is left out; a stream that ends in half of one has bytes that are no text.
    private ReadOnlyMemory<byte> Whole => Truncated ? _kept.WrittenMemory[..Utf8Text.WholeLength(_kept.WrittenSpan)] : _kept.WrittenMemory;

    public void Append(ReadOnlySpan<byte> chunk)
    {
        var room = Math.Min(chunk.Length, limit - _kept.WrittenCount);
        _kept.Write(chunk[..room]);
        Truncated |= room < chunk.Length;
    }
}
