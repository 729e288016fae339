using System.Formats.Tar;

namespace AutoProvision.Ssh.Files;

/// <summary>
/// The entries of an archive. <see cref="TarReader"/> takes a header that holds long names or attributes into memory, as large as it
/// says that it is, up to two GiB: one that nobody makes is refused before that.
/// </summary>
internal sealed class TarArchive : IAsyncDisposable
{
    private readonly HeaderStream _headers;
    private readonly TarReader _reader;

    /// <param name="source">ustar, pax, GNU or old tar, without compression. It stays open.</param>
    public TarArchive(Stream source)
    {
        _headers = new HeaderStream(source);
        _reader = new TarReader(_headers, leaveOpen: true);
    }

    public ValueTask DisposeAsync() => _reader.DisposeAsync();

    /// <summary>To be called once the last entry was read to its end.</summary>
    /// <returns>Null at the archive's end.</returns>
    /// <exception cref="InvalidDataException"/>
    public async Task<TarEntry?> NextAsync(CancellationToken cancellation)
    {
        _headers.IsAtHeaders = true;
        var entry = await _reader.GetNextEntryAsync(copyData: false, cancellation);
        _headers.IsAtHeaders = false;
        return entry;
    }

    /// <summary>Looks at each header before the reader does.</summary>
    private sealed class HeaderStream(Stream source) : AsyncReadStream
    {
        private const int Block = 512;
        private const long Longest = 1024 * 1024;
        private long _content;

        public bool IsAtHeaders { get; set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            // The reader asks for nothing else of just that length, but for what a header says is its content.
            if (!IsAtHeaders || buffer.Length != Block || _content > 0)
            {
                var count = await source.ReadAsync(buffer, cancellationToken);
                _content -= Math.Min(_content, count);
                return count;
            }
            var length = await source.ReadAtLeastAsync(buffer, Block, throwOnEndOfStream: false, cancellationToken);
            _content = ContentOf(buffer.Span[..length]);
            return length;
        }

        // Extended attributes of pax, of one entry or of all; long names and link targets of GNU tar.
        private static long ContentOf(ReadOnlySpan<byte> header)
        {
            if (header.Length < Block || (TarEntryType)header[156] is not (TarEntryType.ExtendedAttributes or TarEntryType.GlobalExtendedAttributes or TarEntryType.LongPath or TarEntryType.LongLink))
                return 0;
            var size = SizeOf(header.Slice(124, 12));
            return size <= Longest ? size : throw new InvalidDataException("The archive holds a header of more than a MiB.");
        }

        // Octal digits, or a binary number with the first bit set. What is neither, the reader refuses.
        private static long SizeOf(ReadOnlySpan<byte> field)
        {
            if (field[0] >= 0x80)
                return long.MaxValue;
            var size = 0L;
            foreach (var digit in field)
                size = digit is >= (byte)'0' and <= (byte)'7' ? size * 8 + digit - '0' : size;
            return size;
        }
    }
}
