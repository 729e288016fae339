namespace AutoProvision.Ssh.Files;

/// <summary>A file's bytes in an archive, as many as were announced: .NET's reader gives fewer, without a word, where the archive ends in their middle.</summary>
internal sealed class FiniteStream(Stream source, long length) : AsyncReadStream
{
    private long _position;

    /// <summary>So that a writer takes the length that is announced; it can only be read on.</summary>
    public override bool CanSeek => true;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    /// <exception cref="EndOfStreamException"/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var wanted = (int)Math.Min(buffer.Length, length - _position);
        if (wanted == 0)
            return 0;
        var count = await source.ReadAsync(buffer[..wanted], cancellationToken);
        if (count == 0)
            throw new EndOfStreamException("The archive ends in the middle of a file.");
        _position += count;
        return count;
    }
}
