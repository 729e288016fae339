using System.Security.Cryptography;

namespace AutoProvision.Images.Downloads;

/// <param name="Hex">Lower-case hex digits, 64 of SHA-256 or 128 of SHA-512.</param>
internal sealed record ImageChecksum(string Hex)
{
    public HashAlgorithmName Algorithm => Hex.Length == 128 ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256;

    public static bool IsChecksum(string text) => text.Length is 64 or 128 && text.All(char.IsAsciiHexDigit);

    public static ImageChecksum Of(string hex) => new(hex.ToLowerInvariant());

    /// <summary>The checksum that the catalogue itself gives, or null where it names a list.</summary>
    public static ImageChecksum? Pinned(ImageDefinition image) => (image.Sha256, image.Sha512) switch
    {
        ({ Length: > 0 } hex, _) => Of(hex),
        (_, { Length: > 0 } hex) => Of(hex),
        _ => null,
    };
}
