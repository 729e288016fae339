using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace AutoProvision.Ssh;

/// <summary>
/// Writes OpenSSH's binary key formats for Ed25519: PROTOCOL.key in OpenSSH's source for private keys, RFC 8709 for public ones.
/// Written here because BouncyCastle's encoder leaves the comment out, and the comment is what <c>ssh-add -l</c> shows.
/// </summary>
internal static class OpenSshKeyFormat
{
    private const int LineLength = 70;
    private const int BlockSize = 8;

    public static byte[] PublicBlob(byte[] point) => [.. Field(SshPublicKey.Algorithm), .. Field(point)];

    public static string PrivateKey(byte[] seed, byte[] point, string comment)
    {
        byte[] file =
        [
            .. "openssh-key-v1\0"u8,
            .. Field("none"), .. Field("none"), .. Field(""), // cipher, key derivation, its options
            .. Number(1), .. Field(PublicBlob(point)), .. Field(PrivateSection(seed, point, comment)),
        ];
        var lines = Convert.ToBase64String(file).Chunk(LineLength).Select(line => new string(line));
        return string.Join('\n', ["-----BEGIN OPENSSH PRIVATE KEY-----", .. lines, "-----END OPENSSH PRIVATE KEY-----", ""]);
    }

    private static byte[] PrivateSection(byte[] seed, byte[] point, string comment)
    {
        // The same random number twice: a reader tells by it that decryption worked.
        var check = RandomNumberGenerator.GetBytes(4);
        byte[] section =
        [
            .. check, .. check, .. Field(SshPublicKey.Algorithm), .. Field(point),
            .. Field([.. seed, .. point]), .. Field(comment),
        ];
        var padding = (BlockSize - section.Length % BlockSize) % BlockSize;
        return [.. section, .. Enumerable.Range(1, padding).Select(i => (byte)i)];
    }

    private static byte[] Field(string text) => Field(Encoding.UTF8.GetBytes(text));

    private static byte[] Field(byte[] bytes) => [.. Number(bytes.Length), .. bytes];

    private static byte[] Number(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
