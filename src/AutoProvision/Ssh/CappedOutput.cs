using System.Text;

namespace AutoProvision.Ssh;

internal delegate void ByteSink(ReadOnlySpan<byte> chunk);

/// <summary>
/// Keeps the first bytes of a stream and counts the rest as cut off. Written by one thread, read after it ended. What is kept is in blocks
/// that are taken as the output grows, so that a high limit alone costs nothing.
/// </summary>
/// <param name="limit">How many bytes to keep.</param>
/// <param name="memory">What all commands may hold; null where this one's output is small.</param>
public sealed class CappedOutput(int limit, ExecMemory? memory = null) : IDisposable
{
    public const int BlockSize = 16 * 1024;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly Lock _gate = new();
    private readonly List<byte[]> _blocks = [];
    private int _count;
    private bool _disposed;

    public bool Truncated { get; private set; }

    /// <summary>Whether it was cut because all commands together hold as much as they may.</summary>
    public bool IsOutOfMemory { get; private set; }

    public string Text => string.Concat(Texts(Encoding.UTF8).Select(piece => piece.ToString()));

    /// <summary>The bytes where they are no UTF-8, null otherwise.</summary>
    public ReadOnlyMemory<byte>? Bytes => IsText ? default(ReadOnlyMemory<byte>?) : Join();

    /// <summary>Whether all of it is UTF-8; a character that the cap cut in two is not counted against it.</summary>
    public bool IsText
    {
        get
        {
            try
            {
                return Texts(Strict).All(_ => true);
            }
            catch (DecoderFallbackException)
            {
                return false;
            }
        }
    }

    public void Append(ReadOnlySpan<byte> chunk)
    {
        lock (_gate)
            while (!chunk.IsEmpty && !_disposed)
            {
                var room = Math.Min(limit - _count, BlockSize - _count % BlockSize);
                // What comes behind a gap is of no use.
                Truncated |= room == 0;
                if (Truncated || !HasBlock())
                    return;
                var length = Math.Min(room, chunk.Length);
                chunk[..length].CopyTo(_blocks[^1].AsSpan(_count % BlockSize));
                _count += length;
                chunk = chunk[length..];
            }
    }

    /// <summary>The text, piece by piece; what is no UTF-8 is replaced. A piece is good until the next one.</summary>
    public IEnumerable<ReadOnlyMemory<char>> Texts() => Texts(Encoding.UTF8);

    /// <summary>The bytes, piece by piece.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Pieces() => Pieces(_count);

    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            memory?.GiveBack((long)_blocks.Count * BlockSize);
            _blocks.Clear();
            _count = 0;
        }
    }

    private byte[] Join()
    {
        var joined = new MemoryStream(_count);
        foreach (var piece in Pieces())
            joined.Write(piece.Span);
        return joined.ToArray();
    }

    private bool HasBlock()
    {
        if (_count < _blocks.Count * BlockSize)
            return true;
        if (memory?.TryTake(BlockSize) == false)
        {
            (Truncated, IsOutOfMemory) = (true, true);
            return false;
        }
        _blocks.Add(new byte[BlockSize]);
        return true;
    }

    private IEnumerable<ReadOnlyMemory<byte>> Pieces(int count)
    {
        for (var at = 0; at < count; at += BlockSize)
            yield return _blocks[at / BlockSize].AsMemory(0, Math.Min(BlockSize, count - at));
    }

    private IEnumerable<ReadOnlyMemory<char>> Texts(Encoding encoding)
    {
        var decoder = encoding.GetDecoder();
        var chars = new char[encoding.GetMaxCharCount(BlockSize)];
        // A character that the cap cut in two is left out; a stream that ends in half of one has bytes that are no text.
        var whole = Truncated ? WholeCount() : _count;
        foreach (var piece in Pieces(whole))
            yield return chars.AsMemory(0, decoder.GetChars(piece.Span, chars, flush: false));
        yield return chars.AsMemory(0, decoder.GetChars([], chars, flush: true));
    }

    private int WholeCount()
    {
        Span<byte> end = stackalloc byte[Math.Min(3, _count)];
        for (var at = 0; at < end.Length; at++)
            end[at] = _blocks[(_count - end.Length + at) / BlockSize][(_count - end.Length + at) % BlockSize];
        return _count - end.Length + Utf8Text.WholeLength(end);
    }
}
