using System.Buffers.Binary;
using System.Text;

namespace AutoProvision.Ssh.Files;

/// <summary>Reads a packet's fields in their order.</summary>
internal ref struct SftpReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly bool IsAtEnd => _rest.IsEmpty;

    public uint UInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64BigEndian(Take(8));

    public ReadOnlySpan<byte> Bytes() => Take((int)Math.Min(UInt32(), int.MaxValue));

    public string Text() => Encoding.UTF8.GetString(Bytes());

    public SftpAttributes Attributes()
    {
        var flags = UInt32();
        long? size = (flags & 1) != 0 ? (long)UInt64() : null;
        (uint, uint)? owner = (flags & 2) != 0 ? (UInt32(), UInt32()) : null;
        uint? mode = (flags & 4) != 0 ? UInt32() : null;
        uint? modified = null;
        if ((flags & 8) != 0)
            (_, modified) = (UInt32(), UInt32());
        if ((flags & 0x80000000) != 0)
            for (var left = UInt32(); left > 0; left--)
                SkipPair();
        return new SftpAttributes(size, owner, mode, modified);
    }

    private void SkipPair()
    {
        Bytes();
        Bytes();
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
            throw new SftpEndedException("The SFTP server sent a packet that ends too early.");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
