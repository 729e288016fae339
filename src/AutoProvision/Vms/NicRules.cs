using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using AutoProvision.CloudInit;

namespace AutoProvision.Vms;

/// <summary>The form of what NICs are attached to; <see cref="NetworkRules"/> knows whether it is there.</summary>
internal static partial class NicRules
{
    public static VmNic? First(VmNicRequest? nic, FaultList faults)
    {
        if (nic is null)
            return null;
        Check(nic, "/network", faults);
        return new VmNic(nic.Name, nic.Address);
    }

    /// <param name="first">What the first NIC was asked to be.</param>
    /// <param name="requested">The further ones.</param>
    /// <param name="faults">Gets what is wrong.</param>
    public static IReadOnlyList<VmNic> Further(VmNicRequest? first, IReadOnlyList<VmNicRequest>? requested, FaultList faults)
    {
        var nics = faults.Within("/nics", requested, ListLimits.FurtherNics);
        foreach (var (index, nic) in nics.Index())
            Check(nic, $"/nics/{index}", faults);
        faults.Distinct(nics.Select((nic, index) => ($"/nics/{index}/address", nic.Address)).Prepend(("/network/address", first?.Address)));
        return [.. nics.Select(nic => new VmNic(nic.Name, nic.Address))];
    }

    public static string? Config(string? config, FaultList faults)
    {
        if (config is not null)
            faults.Check("/networkConfig", "network_config_invalid", "YAML with \"version: 1\" or \"version: 2\", as cloud-init documents it.", () => NetworkConfig.Read(config, faults.Cancellation));
        return config;
    }

    private static void Check(VmNicRequest nic, string pointer, FaultList faults)
    {
        if (nic.Name is not null && !NetworkName().IsMatch(nic.Name))
            faults.Add($"{pointer}/name", "name_invalid", $"\"{nic.Name}\" is no name of a network.", "1 to 64 of A-Z, a-z, 0-9, \".\", \"_\" and \"-\", beginning with a letter, digit or \"_\".");
        if (nic.Address is not null)
            faults.Check($"{pointer}/address", "address_invalid", "An IPv4 address of the network, such as \"192.168.122.50\".", () => Ipv4(nic.Address));
    }

    private static void Ipv4(string address)
    {
        if (IPAddress.Parse(CloudInitRules.Address(address, "Address")).AddressFamily != AddressFamily.InterNetwork)
            throw CloudInitRules.Bad("Address", address, "is no IPv4 address");
    }

    // It goes into an argument of virt-install, where a comma would begin another option.
    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}\z")]
    private static partial Regex NetworkName();
}
