using AutoProvision.Hypervisors;
using YamlDotNet.RepresentationModel;
using static AutoProvision.CloudInit.CloudConfigYaml;

namespace AutoProvision.CloudInit;

/// <summary>network-config (version 2) for a machine's NICs, each known by its MAC address. The first keeps its name, further ones become nic1, nic2 and so on.</summary>
/// <remarks>
/// Without set-name, cloud-init looks the name up by the MAC (handle_ethernets in cloudinit/net/network_state.py, 22.4 to 26.2), so
/// that networkd, netplan, NetworkManager and ifupdown are all given what matches. But its networkd renderer finds dhcp4-overrides
/// by the NIC's name alone: where there are any, the NIC is given the name of its entry, one that no kernel gives.
/// </remarks>
public static class NicNetworks
{
    /// <param name="nics">The NICs, the first one first: it alone brings default routes over IPv4.</param>
    /// <param name="networks">The network of each, in the same order; null for one that is not known.</param>
    public static string BuildYaml(IReadOnlyList<Nic> nics, IReadOnlyList<NetworkInfo?> networks)
    {
        var entries = nics.Zip(networks).Select((it, index) => ($"nic{index}", (YamlNode)Entry(it.First, it.Second, index)));
        return Write(Map(("version", new YamlScalarNode("2")), ("ethernets", Map(entries))));
    }

    private static YamlMappingNode Entry(Nic nic, NetworkInfo? network, int index)
    {
        var isFirst = index == 0;
        // A subnet of libvirt's without DHCP gives no address, and systemd would wait two minutes for one. Behind a plain bridge there may be a server.
        var dhcp4 = isFirst || network is null or { HasDhcp4: true } or { Subnets.Count: 0 };
        var entry = Map(
            ("match", Map(("macaddress", Text(nic.Mac)))),
            ("dhcp4", Flag(dhcp4)),
            // By default netplan's networkd asks by the machine-id, which a copied disk has in common with its original.
            ("dhcp-identifier", Text("mac")));
        if (network is { HasIpv6: true })
            entry.Add("dhcp6", Flag(true));
        if (isFirst)
            return entry;
        entry.Add("set-name", Text($"nic{index}"));
        entry.Add("optional", Flag(true));
        if (dhcp4)
            entry.Add("dhcp4-overrides", Map(("use-routes", Flag(false))));
        return entry;
    }
}
