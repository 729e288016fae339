using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using AutoProvision.Inputs;

namespace AutoProvision.CloudInit;

/// <summary>User-data as clouds' tools pack it: in base64, or compressed with gzip and then in base64.</summary>
internal static class PackedUserData
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>What is in it; the text itself where it is not packed. cloud-init unpacks neither from a seed image.</summary>
    /// <exception cref="ArgumentException">It is damaged, or not text. Too large is an <see cref="InputLimitException"/>.</exception>
    public static string Unpack(string text, CancellationToken cancellation)
    {
        var budget = InputBudget.OfRequest("userData", cancellation);
        budget.CheckLength(text);
        if (CallersUserData.IsKnown(text))
            return text;
        var packed = new byte[text.Length];
        if (!Convert.TryFromBase64String(text, packed, out var length))
            return text;
        ReadOnlySpan<byte> bytes = packed.AsSpan(0, length);
        if (bytes is [0x1F, 0x8B, ..])
            return Plain(Inflate(bytes, budget));
        budget.Spend(0, length);
        // Anything of four letters is base64: what it holds must be user-data.
        return TryPlain(bytes) is { } plain && CallersUserData.IsKnown(plain) ? plain : text;
    }

    private static byte[] Inflate(ReadOnlySpan<byte> bytes, InputBudget budget)
    {
        using var packed = new MemoryStream(bytes.ToArray());
        using var gzip = new GZipStream(packed, CompressionMode.Decompress);
        using var result = new MemoryStream();
        var buffer = new byte[16 * 1024];
        try
        {
            for (int count; (count = gzip.Read(buffer)) > 0; result.Write(buffer, 0, count))
                budget.Spend(0, count);
        }
        catch (InvalidDataException e)
        {
            throw Damaged(e);
        }
        // RFC 1952: its last four bytes are the length of what was compressed. The end of a file that was cut off is no error to the reader.
        return bytes.Length > 18 && BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]) == result.Length ? result.ToArray() : throw Damaged(null);
    }

    private static ArgumentException Damaged(Exception? inner) => new("userData is a gzip file in base64 that is damaged or cut off.", inner);

    private static string Plain(byte[] bytes) => TryPlain(bytes) ?? throw new ArgumentException("userData is a gzip file in base64, and what is in it is not text in UTF-8.");

    private static string? TryPlain(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Utf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
