namespace AutoProvision.Ssh.Files;

/// <summary>
/// Reads a file with a MiB of requests under way, so that the way to the guest and back costs little; nothing more is asked for than
/// that until the reader takes it, however large the file is.
/// </summary>
/// <param name="sftp">The server.</param>
/// <param name="handle">The open file.</param>
/// <param name="length">Its length: exactly so much is read. Null, as for files of /proc, reads piece by piece up to the end.</param>
/// <param name="ended">Ends every read.</param>
internal sealed class SftpReadStream(Sftp sftp, byte[] handle, long? length, CancellationToken ended = default) : AsyncReadStream
{
    public const int PieceSize = 32 * 1024;
    private const int PiecesAhead = 32;
    private readonly Queue<(int Count, Task<ReadOnlyMemory<byte>> Data)> _ahead = new();
    private readonly CancellationTokenSource _closed = CancellationTokenSource.CreateLinkedTokenSource(ended);
    private ReadOnlyMemory<byte> _current;
    private long _position;
    private long _requested;
    private bool _isClosed;

    /// <summary>Whether a file that became shorter is filled up with zeros.</summary>
    public bool IsPadded { get; init; }

    public override bool CanSeek => length is not null;

    public override long Length => length ?? throw new NotSupportedException();

    public override long Position
    {
        get => _position;
        set
        {
            if (value != _position)
                Restart(value);
        }
    }

    /// <exception cref="IOException">The file became shorter while it was read, and is not <see cref="IsPadded"/>.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_current.IsEmpty)
            _current = await NextAsync(cancellationToken);
        var count = Math.Min(buffer.Length, _current.Length);
        _current[..count].CopyTo(buffer);
        _current = _current[count..];
        _position += count;
        return count;
    }

    public override long Seek(long offset, SeekOrigin origin) => Position = offset + origin switch
    {
        SeekOrigin.Begin => 0,
        SeekOrigin.Current => _position,
        _ => Length,
    };

    public override async ValueTask DisposeAsync()
    {
        // What streams it to a client disposes of it, and so does its file.
        if (Interlocked.Exchange(ref _isClosed, true))
            return;
        await _closed.CancelAsync();
        Restart(_position);
        _closed.Dispose();
        await base.DisposeAsync();
    }

    private async Task<ReadOnlyMemory<byte>> NextAsync(CancellationToken cancellation)
    {
        if (_position >= length)
            return default;
        AskAhead();
        var (wanted, asked) = _ahead.Dequeue();
        var data = await asked.WaitAsync(cancellation);
        if (data.IsEmpty && length is not null)
            data = IsPadded ? new byte[wanted] : throw new IOException("The file became shorter while it was read.");
        // What was asked for after a piece that came short lies too far on.
        if (data.Length < wanted)
        {
            _ahead.Clear();
            _requested = _position + data.Length;
        }
        return data;
    }

    private void AskAhead()
    {
        var pieces = length is null ? 1 : PiecesAhead;
        while (_ahead.Count < pieces && (_requested < length || length is null))
        {
            var count = (int)Math.Min(PieceSize, length - _requested ?? PieceSize);
            _ahead.Enqueue((count, sftp.ReadAsync(handle, _requested, count, _closed.Token)));
            _requested += count;
        }
    }

    private void Restart(long position)
    {
        _ahead.Clear();
        _current = default;
        (_position, _requested) = (position, position);
    }
}
