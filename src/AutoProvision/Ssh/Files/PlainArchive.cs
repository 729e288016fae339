namespace AutoProvision.Ssh.Files;

/// <summary>An archive on its way in, refused by name where it begins as compressed ones do: what unpacks it would only say that it is no archive.</summary>
internal sealed class PlainArchive(Stream archive) : AsyncReadStream
{
    // The first bytes, as file(1) knows them.
    private static readonly (string Name, byte[] Begin)[] Compressed =
    [
        ("gzip", [0x1F, 0x8B]),
        ("xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]),
        ("bzip2", "BZh"u8.ToArray()),
        ("zstd", [0x28, 0xB5, 0x2F, 0xFD]),
        ("lz4", [0x04, 0x22, 0x4D, 0x18]),
        ("lzip", "LZIP"u8.ToArray()),
        ("zip", [0x50, 0x4B, 0x03, 0x04]),
        ("7z", [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]),
    ];

    private const int HeaderSize = 512;
    private const int MagicAt = 257;
    private ReadOnlyMemory<byte>? _begin;

    /// <exception cref="Vms.FailureException"><c>tar_invalid</c>, with the name of the compression.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var begin = _begin ?? await LookAsync(cancellationToken);
        if (begin.IsEmpty)
            return await archive.ReadAsync(buffer, cancellationToken);
        var count = Math.Min(begin.Length, buffer.Length);
        begin[..count].CopyTo(buffer);
        _begin = begin[count..];
        return count;
    }

    private async Task<ReadOnlyMemory<byte>> LookAsync(CancellationToken cancellation)
    {
        var header = new byte[HeaderSize];
        var count = await archive.ReadAtLeastAsync(header, HeaderSize, throwOnEndOfStream: false, cancellation);
        if (NameOf(header.AsSpan(0, count)) is { } how)
            throw FileFailures.Compressed(how);
        _begin = header.AsMemory(0, count);
        return header.AsMemory(0, count);
    }

    private static string? NameOf(ReadOnlySpan<byte> begin)
    {
        // An archive begins with the name of a file, which may be "BZh".
        if (begin.Length == HeaderSize && begin[MagicAt..].StartsWith("ustar"u8))
            return null;
        foreach (var (name, first) in Compressed)
            if (begin.StartsWith(first))
                return name;
        return null;
    }
}
