using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>One MAC address seen with one IP address.</summary>
public readonly record struct SeenAddress(string Mac, IPAddress Address);

/// <summary>Parsers of the three places an address can be seen in.</summary>
public static partial class AddressTables
{
    /// <summary>Output of <c>virsh net-dhcp-leases</c> and of <c>virsh domifaddr</c>: both have MAC, protocol, address/prefix side by side.</summary>
    public static IEnumerable<SeenAddress> ParseVirsh(string table)
    {
        foreach (Match row in VirshRow().Matches(table))
            if (IPAddress.TryParse(row.Groups["ip"].ValueSpan, out var address))
                yield return new SeenAddress(row.Groups["mac"].Value.ToLowerInvariant(), address);
    }

    /// <summary>Text of /proc/net/arp; incomplete entries (flag 0x2 unset) are left out.</summary>
    public static IEnumerable<SeenAddress> ParseArp(string table)
    {
        foreach (var line in table.Split('\n').Skip(1))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length >= 6 && fields[2] != "0x0" && IPAddress.TryParse(fields[0], out var address))
                yield return new SeenAddress(fields[3].ToLowerInvariant(), address);
        }
    }

    /// <summary>The address to use for a MAC: IPv4 before IPv6, nothing that only works on one link.</summary>
    public static IPAddress? Pick(IEnumerable<SeenAddress> seen, string mac) => seen
        .Where(entry => entry.Mac == mac && !entry.Address.IsIPv6LinkLocal && !IPAddress.IsLoopback(entry.Address))
        .Select(entry => entry.Address)
        .OrderBy(address => address.AddressFamily == AddressFamily.InterNetwork ? 0 : 1)
        .FirstOrDefault();

    /// <summary>Every address of a MAC that works beyond its link: IPv4 before IPv6, each in the order in which it was seen.</summary>
    public static IReadOnlyList<IPAddress> Usable(IEnumerable<SeenAddress> seen, string mac) =>
    [
        .. seen.Where(entry => entry.Mac == mac && !IsOfOneLink(entry.Address)).Select(entry => entry.Address).Distinct()
            .OrderBy(address => address.AddressFamily == AddressFamily.InterNetwork ? 0 : 1),
    ];

    // 169.254.0.0/16 is IPv4's (RFC 3927).
    private static bool IsOfOneLink(IPAddress address) => address.IsIPv6LinkLocal || address.IsIPv6Multicast || IPAddress.IsLoopback(address)
        || (address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes() is [169, 254, ..]);

    [GeneratedRegex(@"(?<mac>[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5})\s+ipv[46]\s+(?<ip>[0-9a-fA-F.:]+)/\d+")]
    private static partial Regex VirshRow();
}
