using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace AutoProvision.CloudInit;

/// <summary>
/// The seed's <c>network-config</c> file: the caller's own YAML, version 1 or 2 of
/// cloud-init's network configuration, checked for its shape and otherwise passed on as it is.
/// </summary>
public sealed record NetworkConfig
{
    // Real ones are four or five deep; the reader below recurses once per level.
    private const int MaxDepth = 64;

    private NetworkConfig(string yaml, int version) => (Yaml, Version) = (yaml, version);

    /// <summary>What goes into the seed.</summary>
    public string Yaml { get; }

    /// <summary>1 or 2.</summary>
    public int Version { get; }

    /// <exception cref="ArgumentException">The text is no YAML, no mapping, or has no <c>version: 1</c> or <c>version: 2</c>.</exception>
    public static NetworkConfig Parse(string yaml)
    {
        CloudInitRules.Encodable(yaml, "network-config");
        if (Root(yaml) is not YamlMappingNode root)
            throw new ArgumentException("network-config is not one YAML mapping.");
        var version = root.Children.TryGetValue(new YamlScalarNode("version"), out var node) ? node : null;
        return version switch
        {
            YamlScalarNode { Value: "1", Style: ScalarStyle.Plain } => new NetworkConfig(yaml, 1),
            YamlScalarNode { Value: "2", Style: ScalarStyle.Plain } => new NetworkConfig(yaml, 2),
            _ => throw new ArgumentException("network-config has no \"version: 1\" or \"version: 2\" at its top level."),
        };
    }

    private static YamlNode? Root(string yaml)
    {
        try
        {
            RefuseDepth(yaml);
            var stream = new YamlStream();
            stream.Load(new StringReader(yaml));
            return stream.Documents.Count == 1 ? stream.Documents[0].RootNode : null;
        }
        // YamlDotNet 18 leaves some broken documents to an internal check, which throws InvalidOperationException.
        catch (Exception e) when (e is YamlException or InvalidOperationException)
        {
            var place = e is YamlException { Start.Line: > 0 } at ? $"line {at.Start.Line}: " : "";
            throw new ArgumentException($"network-config is not valid YAML: {place}{e.Message}", e);
        }
    }

    private static void RefuseDepth(string yaml)
    {
        var depth = 0;
        var parser = new Parser(new StringReader(yaml));
        while (parser.MoveNext())
        {
            depth += parser.Current switch
            {
                MappingStart or SequenceStart => 1,
                MappingEnd or SequenceEnd => -1,
                _ => 0,
            };
            if (depth > MaxDepth)
                throw new ArgumentException($"network-config is nested more than {MaxDepth} levels deep.");
        }
    }
}
