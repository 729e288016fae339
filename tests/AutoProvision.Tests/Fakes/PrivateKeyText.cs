using System.Buffers.Binary;

namespace AutoProvision.Fakes;

/// <summary>Reads OpenSSH's private key text far enough to know the public key in it (PROTOCOL.key in OpenSSH's source).</summary>
internal static class PrivateKeyText
{
    public static string PublicLine(string armoured)
    {
        var lines = armoured.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith('-'));
        var bytes = Convert.FromBase64String(string.Concat(lines)).AsSpan("openssh-key-v1\0".Length);
        for (var skipped = 0; skipped < 3; skipped++)
            bytes = bytes[(4 + Length(bytes))..];
        // The number of keys, then the first key's public blob.
        bytes = bytes[4..];
        return $"ssh-ed25519 {Convert.ToBase64String(bytes.Slice(4, Length(bytes)))}";
    }

    private static int Length(ReadOnlySpan<byte> bytes) => (int)BinaryPrimitives.ReadUInt32BigEndian(bytes);
}
