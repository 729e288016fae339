using System.Security.Cryptography;

namespace AutoProvision.Images.Downloads;

/// <summary>A file that is hashed as it grows, so that a finished download needs no second reading.</summary>
internal sealed class HashingFile : IAsyncDisposable
{
    private const int BufferSize = 128 * 1024;
    private readonly FileStream _file;
    private readonly IncrementalHash _hash;

    private HashingFile(FileStream file, HashAlgorithmName algorithm)
    {
        _file = file;
        _hash = IncrementalHash.CreateHash(algorithm);
    }

    public long Length { get; private set; }

    /// <summary>Opens or makes the file; what is in it is to be taken in with <see cref="HashExistingAsync"/> first.</summary>
    public static HashingFile Open(string path, HashAlgorithmName algorithm) =>
        new(new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0, useAsync: true), algorithm);

    /// <summary>Takes in what an earlier try left in the file.</summary>
    public async Task HashExistingAsync(CancellationToken cancellation)
    {
        var buffer = new byte[BufferSize];
        for (int read; (read = await _file.ReadAsync(buffer, cancellation)) > 0; Length += read)
            _hash.AppendData(buffer, 0, read);
    }

    /// <exception cref="Vms.FailureException"><c>image_disk_full</c>, <c>image_storage_failed</c>: told apart here from a network that breaks.</exception>
    public async Task AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        try
        {
            await _file.WriteAsync(bytes, cancellation);
        }
        catch (IOException e)
        {
            throw ImageFailures.Storage(_file.Name, e);
        }
        _hash.AppendData(bytes.Span);
        Length += bytes.Length;
    }

    /// <summary>Brings every byte to the disk and gives the checksum of the whole.</summary>
    public ImageChecksum Finish()
    {
        try
        {
            _file.Flush(flushToDisk: true);
        }
        catch (IOException e)
        {
            throw ImageFailures.Storage(_file.Name, e);
        }
        return ImageChecksum.Of(Convert.ToHexString(_hash.GetHashAndReset()));
    }

    public async ValueTask DisposeAsync()
    {
        _hash.Dispose();
        await _file.DisposeAsync();
    }
}
