using System.Security.Cryptography;

namespace AutoProvision.Ssh;

/// <summary>So many random bytes, of which nothing is kept but their checksum.</summary>
internal sealed class RandomStream(long length) : MemoryStream
{
    private readonly Random _random = new(7);
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly TaskCompletionSource _held = new();
    private readonly TaskCompletionSource _released = new();
    private long _given;
    private byte[]? _sum;

    /// <summary>Fails there.</summary>
    public long BreaksAt { get; init; } = long.MaxValue;

    /// <summary>Gives nothing more from there on until it is released.</summary>
    public long HoldsAt { get; init; } = long.MaxValue;

    /// <summary>Its length is not told: what sends it does so in pieces.</summary>
    public override bool CanSeek => false;

    public Task Held => _held.Task;

    public void Release() => _released.SetResult();

    /// <summary>Of what was given; also once the stream is closed, as an HTTP client does that has sent it.</summary>
    public byte[] Hash() => _sum ?? _hash.GetCurrentHash();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_given >= BreaksAt)
            throw new IOException("The sender is gone.");
        if (_given >= HoldsAt)
        {
            _held.TrySetResult();
            await _released.Task.WaitAsync(cancellationToken);
        }
        var piece = buffer[..(int)Math.Min(buffer.Length, length - _given)];
        _random.NextBytes(piece.Span);
        _hash.AppendData(piece.Span);
        _given += piece.Length;
        return piece.Length;
    }

    protected override void Dispose(bool disposing)
    {
        _sum ??= _hash.GetCurrentHash();
        _hash.Dispose();
        base.Dispose(disposing);
    }
}
