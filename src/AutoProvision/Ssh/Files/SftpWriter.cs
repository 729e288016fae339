using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace AutoProvision.Ssh.Files;

/// <summary>Builds one packet: length, type, the request's number and its fields, integers in network order.</summary>
internal sealed class SftpWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public SftpWriter(SftpPacket type, uint number)
    {
        UInt32(0);
        _bytes.Write([(byte)type]);
        UInt32(number);
    }

    public SftpWriter UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_bytes.GetSpan(4), value);
        _bytes.Advance(4);
        return this;
    }

    public SftpWriter UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(_bytes.GetSpan(8), value);
        _bytes.Advance(8);
        return this;
    }

    public SftpWriter Bytes(ReadOnlySpan<byte> value)
    {
        UInt32((uint)value.Length);
        _bytes.Write(value);
        return this;
    }

    public SftpWriter Text(string value) => Bytes(Encoding.UTF8.GetBytes(value));

    public SftpWriter Attributes(SftpAttributes value)
    {
        UInt32((value.Size is null ? 0 : 1u) | (value.Owner is null ? 0 : 2u) | (value.Mode is null ? 0 : 4u) | (value.ModifiedAt is null ? 0 : 8u));
        if (value.Size is { } size)
            UInt64((ulong)size);
        if (value.Owner is var (user, group))
            UInt32(user).UInt32(group);
        if (value.Mode is { } mode)
            UInt32(mode);
        if (value.ModifiedAt is { } time)
            UInt32(time).UInt32(time);
        return this;
    }

    /// <summary>The whole packet; nothing can be added after.</summary>
    public byte[] ToPacket()
    {
        var packet = _bytes.WrittenSpan.ToArray();
        BinaryPrimitives.WriteUInt32BigEndian(packet, (uint)packet.Length - 4);
        return packet;
    }
}
