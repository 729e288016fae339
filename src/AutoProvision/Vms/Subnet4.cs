using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace AutoProvision.Vms;

/// <summary>An IPv4 subnet of a network.</summary>
/// <param name="Host">The host's own address in it.</param>
/// <param name="Mask">Its netmask.</param>
internal sealed record Subnet4(uint Host, uint Mask)
{
    /// <param name="cidr">Such as 192.168.122.1/24, with the host's own address.</param>
    /// <returns>Null for what is no IPv4 subnet.</returns>
    public static Subnet4? Parse(string cidr) =>
        cidr.Split('/') is [var address, var length] && Number(address) is { } host && int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var bits) && bits is > 0 and <= 32
            ? new Subnet4(host, uint.MaxValue << (32 - bits))
            : null;

    /// <summary>Whether a guest could have this address: it lies inside and is neither the host's, the network's nor the broadcast address.</summary>
    public bool IsFree(string address) => Number(address) is { } number
        && (number & Mask) == (Host & Mask) && number != Host && number != (Host & Mask) && number != (Host | ~Mask);

    private static uint? Number(string address) =>
        IPAddress.TryParse(address, out var parsed) && parsed.AddressFamily == AddressFamily.InterNetwork ? BinaryPrimitives.ReadUInt32BigEndian(parsed.GetAddressBytes()) : null;
}
