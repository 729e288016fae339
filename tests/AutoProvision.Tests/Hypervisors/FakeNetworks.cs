using System.Collections.Concurrent;
using AutoProvision.Hypervisors.Libvirt;
using AutoProvision.Processes;

namespace AutoProvision.Hypervisors;

/// <summary>The networks of a <see cref="FakeLibvirt"/>, in the words and with the refusals of virsh 9.0.</summary>
internal sealed class FakeNetworks
{
    private readonly ConcurrentDictionary<string, FakeNetwork> _networks = new(new Dictionary<string, FakeNetwork> { ["default"] = new() });

    public FakeNetwork this[string name]
    {
        get => _networks[name];
        set => _networks[name] = value;
    }

    public void Remove(string name) => _networks.TryRemove(name, out _);

    public string List() => string.Concat(_networks.Keys.Select(name => $"{name}\n"));

    public Task<ProcessResult> Info(ProcessCommand command) => Of(command, (_, network) =>
        FakeLibvirt.Answer($"Active:         {YesNo(network.IsActive)}\nPersistent:     {YesNo(network.IsPersistent)}\nBridge:         {network.Bridge}\n"));

    public Task<ProcessResult> Leases(ProcessCommand command) => Of(command, (name, network) => network.IsActive
        ? FakeLibvirt.Answer(FakeLibvirt.Table(network.Leases))
        : FakeLibvirt.Refused($"Requested operation is not valid: network '{name}' is not active"));

    public Task<ProcessResult> Xml(ProcessCommand command) => Of(command, (name, network) =>
        FakeLibvirt.Answer(network.Xml(name, command.Arguments.Contains("--inactive") || !network.IsActive ? network.Defined : network.Live)));

    // net-update --network NAME --command add|delete ... --xml XML --live|--config
    public Task<ProcessResult> Update(ProcessCommand command) => Of(command, (name, network) =>
    {
        var hosts = command.Arguments[^1] == "--live" ? network.Live : network.Defined;
        var host = NetworkXml.Parse(network.Xml(name, [command.Arguments[^2]])).Reservations.Single();
        if (FakeLibvirt.After(command, "--command") == "delete")
            return hosts.RemoveAll(xml => xml == host.Xml) > 0
                ? FakeLibvirt.Answer("")
                : FakeLibvirt.Refused($"Requested operation is not valid: couldn't locate a matching dhcp host entry in network '{name}'");
        if (hosts.Any(xml => xml.Contains($"'{host.Mac}'", StringComparison.Ordinal) || xml.Contains($"\"{host.Mac}\"", StringComparison.Ordinal) || xml.Contains($"\"{host.Address}\"", StringComparison.Ordinal)))
            return FakeLibvirt.Refused($"Requested operation is not valid: there is an existing dhcp host entry in network '{name}' that matches \"<host mac='{host.Mac}'/>\"");
        hosts.Add(host.Xml);
        return FakeLibvirt.Answer("");
    });

    private Task<ProcessResult> Of(ProcessCommand command, Func<string, FakeNetwork, Task<ProcessResult>> act)
    {
        // By its option, or alone at the end.
        var name = command.Arguments.Contains("--network") ? FakeLibvirt.After(command, "--network") : command.Arguments[^1];
        return _networks.TryGetValue(name, out var network) ? act(name, network) : FakeLibvirt.Refused($"failed to get network '{name}'");
    }

    private static string YesNo(bool value) => value ? "yes" : "no";
}

/// <summary>One network: 192.0.2.1/24, and whatever <see cref="More"/> adds.</summary>
internal sealed record FakeNetwork
{
    public bool IsActive { get; init; } = true;

    public bool IsPersistent { get; init; } = true;

    public string Bridge { get; init; } = "virbr0";

    /// <summary>Elements beside the IPv4 subnet.</summary>
    public string More { get; init; } = "";

    /// <summary>MAC to address.</summary>
    public ConcurrentDictionary<string, string> Leases { get; } = new();

    /// <summary>Host entries of the network as it runs, and of its definition.</summary>
    public List<string> Live { get; } = [];

    public List<string> Defined { get; } = [];

    public string Xml(string name, IEnumerable<string> hosts) => $"""
        <network>
          <name>{name}</name>
          <bridge name='virbr0' stp='on' delay='0'/>
          {More}
          <ip address='192.0.2.1' netmask='255.255.255.0'><dhcp><range start='192.0.2.2' end='192.0.2.254'/>{string.Concat(hosts)}</dhcp></ip>
        </network>
        """;
}
