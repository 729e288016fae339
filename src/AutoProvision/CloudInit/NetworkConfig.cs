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

    /// <exception cref="ArgumentException">The text is no YAML, no mapping, or has no <c>version: 1</c> or <c>version: 2</c>.</exception>
    public static NetworkConfig Parse(string yaml)
    {
        CloudInitRules.Encodable(yaml, "network-config");
        if (YamlText.Root(yaml, "network-config") is not YamlMappingNode root)
            throw new ArgumentException("network-config is not one YAML mapping.");
        var version = root.Children.TryGetValue(new YamlScalarNode("version"), out var node) ? node : null;
        return version switch
        {
            YamlScalarNode { Value: "1", Style: ScalarStyle.Plain } => new NetworkConfig(yaml, 1),
            YamlScalarNode { Value: "2", Style: ScalarStyle.Plain } => new NetworkConfig(yaml, 2),
            _ => throw new ArgumentException("network-config has no \"version: 1\" or \"version: 2\" at its top level."),
        };
    }
}
