using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Xml;
using System.Xml.Linq;
using AutoProvision.Vms;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>What matters of a network. Format: https://libvirt.org/formatnetwork.html</summary>
/// <param name="Name">Its name.</param>
/// <param name="Subnets">The host's own address in each subnet, with the prefix's length.</param>
/// <param name="Dhcp4">Which of its subnets has the DHCP server of IPv4, from 0 as libvirt counts them; null when none has.</param>
/// <param name="Reservations">The addresses that are kept for one MAC each.</param>
public sealed record NetworkXml(string Name, IReadOnlyList<(IPAddress Host, int Prefix)> Subnets, int? Dhcp4, IReadOnlyList<Reservation> Reservations)
{
    public NetworkInfo Info => new(Name, [.. Subnets.Select(subnet => $"{subnet.Host}/{subnet.Prefix}")], Dhcp4 is not null,
        Subnets.Any(subnet => subnet.Host.AddressFamily == AddressFamily.InterNetworkV6));

    /// <summary>Output of <c>virsh net-dumpxml</c>.</summary>
    /// <exception cref="FailureException"><c>hypervisor_garbled</c></exception>
    public static NetworkXml Parse(string text)
    {
        try
        {
            var network = XDocument.Parse(text).Root;
            if (network?.Name == "network" && network.Element("name")?.Value is { } name)
            {
                var ips = network.Elements("ip").ToList();
                var dhcp4 = ips.FindIndex(ip => !IsV6(ip) && ip.Element("dhcp") is not null);
                return new(name, [.. ips.Select(Subnet)], dhcp4 < 0 ? null : dhcp4, [.. ips.Elements("dhcp").Elements("host").SelectMany(Kept)]);
            }
        }
        catch (Exception e) when (e is XmlException or FormatException)
        {
            // As good as any other text.
        }
        throw Virsh.Garbled("net-dumpxml", text);
    }

    private static bool IsV6(XElement ip) => ip.Attribute("family")?.Value == "ipv6";

    private static (IPAddress Host, int Prefix) Subnet(XElement ip) => (IPAddress.Parse(ip.Attribute("address")?.Value ?? ""), Prefix(ip));

    // By its length or by its mask; without either it is that of the address's class, or in IPv6 64.
    private static int Prefix(XElement ip) => (ip.Attribute("prefix")?.Value, ip.Attribute("netmask")?.Value) switch
    {
        ({ } prefix, _) => int.Parse(prefix, CultureInfo.InvariantCulture),
        (_, { } mask) => IPAddress.Parse(mask).GetAddressBytes().Sum(part => int.PopCount(part)),
        _ when IsV6(ip) => 64,
        _ => IPAddress.Parse(ip.Attribute("address")!.Value).GetAddressBytes()[0] switch { < 128 => 8, < 192 => 16, _ => 24 },
    };

    // One of IPv6 has the guest's DUID in place of its MAC.
    private static IEnumerable<Reservation> Kept(XElement host)
    {
        if (IPAddress.TryParse(host.Attribute("ip")?.Value, out var address))
            yield return new Reservation(host.Attribute("mac")?.Value.ToLowerInvariant(), address);
    }
}

/// <param name="Mac">Lower case with colons; null where it is kept for something else than a MAC.</param>
/// <param name="Address">What is kept.</param>
public sealed record Reservation(string? Mac, IPAddress Address)
{
    /// <summary>As <c>virsh net-update</c> takes it. Nothing but MAC and address: libvirt refuses a name that it has already.</summary>
    public string Xml => new XElement("host", new XAttribute("mac", Mac!), new XAttribute("ip", Address)).ToString(SaveOptions.DisableFormatting);
}
