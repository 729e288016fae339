using AutoProvision.Inputs;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace AutoProvision.CloudInit;

/// <summary>
/// The seed's <c>network-config</c> file: the caller's own YAML, version 1 or 2 of
/// cloud-init's network configuration, checked for its shape and otherwise passed on as it is.
/// </summary>
public sealed record NetworkConfig
{
    private NetworkConfig(string yaml, int version) => (Yaml, Version) = (yaml, version);

    /// <summary>What goes into the seed.</summary>
    public string Yaml { get; }

    /// <summary>1 or 2.</summary>
    public int Version { get; }

    // Version 2 has a mapping by name for each of these (https://cloudinit.readthedocs.io/en/latest/reference/network-config-format-v2.html).
    private static readonly string[] Kinds = ["ethernets", "bonds", "bridges", "vlans"];

    /// <exception cref="ArgumentException">
    /// It is too large or complex (<see cref="InputLimitException"/>). The text is no YAML, no mapping, has no <c>version: 1</c> or <c>version: 2</c>, or no list or mappings of devices: cloud-init
    /// would fall over those, and the guest would have no network to be asked over. What is said of a device is cloud-init's to check.
    /// </exception>
    public static NetworkConfig Parse(string yaml) => Read(yaml, CancellationToken.None);

    /// <summary>The same for a caller that may go.</summary>
    /// <exception cref="ArgumentException">It is refused; the message says why.</exception>
    /// <exception cref="OperationCanceledException"/>
    public static NetworkConfig Read(string yaml, CancellationToken cancellation)
    {
        var budget = InputBudget.OfRequest("network-config", cancellation);
        budget.CheckLength(yaml);
        CloudInitRules.Encodable(yaml, "network-config");
        if (YamlText.Root(yaml, budget) is not YamlMappingNode root)
            throw new ArgumentException("network-config is not one YAML mapping.");
        var version = root.Children.TryGetValue(new YamlScalarNode("version"), out var node) ? node : null;
        switch (version)
        {
            case YamlScalarNode { Value: "1", Style: ScalarStyle.Plain }:
                RequireList(root);
                return new NetworkConfig(yaml, 1);
            case YamlScalarNode { Value: "2", Style: ScalarStyle.Plain }:
                RequireMappings(root);
                return new NetworkConfig(yaml, 2);
            default:
                throw new ArgumentException("network-config has no \"version: 1\" or \"version: 2\" at its top level.");
        }
    }

    private static void RequireList(YamlMappingNode root)
    {
        if (YamlText.Get(root, "config") is not YamlSequenceNode list || !list.All(item => item is YamlMappingNode map && YamlText.Get(map, "type") is { } type && YamlText.IsString(type)))
            throw new ArgumentException("network-config of version 1 has no \"config\" that is a list of mappings with a \"type\" each.");
    }

    private static void RequireMappings(YamlMappingNode root)
    {
        if (!Kinds.Any(kind => YamlText.Get(root, kind) is not null))
            throw new ArgumentException($"network-config of version 2 has no devices: none of {string.Join(", ", Kinds)}.");
        foreach (var kind in Kinds)
            if (YamlText.Get(root, kind) is { } devices && !(devices is YamlMappingNode map && map.Children.Values.All(device => device is YamlMappingNode)))
                throw new ArgumentException($"network-config of version 2 has \"{kind}\" that are no mapping of names to mappings.");
    }
}
