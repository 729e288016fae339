using System.Buffers;
using System.Text;

namespace AutoProvision.Ssh;

internal delegate void ByteSink(ReadOnlySpan<byte> chunk);

/// <summary>Keeps the first bytes of a stream and counts the rest as cut off. Written by one thread, read after it ended.</summary>
internal sealed class CappedOutput(int limit)
{
    private const int ChunkSize = 32 * 1024;
    private readonly ArrayBufferWriter<byte> _kept = new();

    public bool Truncated { get; private set; }

    /// <summary>A character that the cap cut in two shows as a replacement character.</summary>
    public string Text => Encoding.UTF8.GetString(_kept.WrittenSpan);

    public void Append(ReadOnlySpan<byte> chunk)
    {
        var room = Math.Min(chunk.Length, limit - _kept.WrittenCount);
        _kept.Write(chunk[..room]);
        Truncated |= room < chunk.Length;
    }

    /// <summary>Reads a stream to its end; blocks.</summary>
    public static void Drain(Stream source, ByteSink sink)
    {
        var buffer = new byte[ChunkSize];
        while (source.Read(buffer, 0, buffer.Length) is > 0 and var count)
            sink(buffer.AsSpan(0, count));
    }
}
