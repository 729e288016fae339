using System.Numerics;
using AutoProvision.CloudInit.Yaml;
using AutoProvision.Inputs;

namespace AutoProvision.CloudInit;

/// <summary>
/// The seed's <c>network-config</c> file: the caller's own YAML, version 1 or 2 of
/// cloud-init's network configuration, checked for its shape and written again, so that cloud-init's reader cannot read it otherwise than ours.
/// </summary>
public sealed record NetworkConfig
{
    private const string What = "network-config";

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
    public static NetworkConfig Read(string yaml, CancellationToken cancellation) => Parse(yaml, InputBudget.OfRequest(What, cancellation));

    private static NetworkConfig Parse(string yaml, InputBudget budget)
    {
        budget.CheckLength(yaml);
        CloudInitRules.Encodable(yaml, "network-config");
        if (YamlReader.Read(yaml, budget) is not YamlMap root)
            throw new ArgumentException("network-config is not one YAML mapping.");
        // As in netplan's files and in user-data elsewhere; cloud-init's own file has it not.
        if (root is { Entries.Count: 1 } && root["network"] is YamlMap inner)
            root = inner;
        var version = VersionOf(root["version"]);
        if (version == 1)
            RequireList(root);
        else
            RequireMappings(root);
        return new NetworkConfig(YamlWriter.Write(WithNumber(root, version)), version);
    }

    /// <summary>What was taken once is written as it is now, or as it came where an older version took what is refused now.</summary>
    public static string Render(string taken)
    {
        try
        {
            return Parse(taken, InputBudget.OfJournal(What)).Yaml;
        }
        catch (ArgumentException)
        {
            return taken;
        }
    }

    private static int VersionOf(YamlValue? version) => version switch
    {
        YamlScalar { Value: BigInteger number } when number == 1 || number == 2 => (int)number,
        YamlScalar { Value: "1" } => 1,
        YamlScalar { Value: "2" } => 2,
        _ => throw new ArgumentException("network-config has no \"version: 1\" or \"version: 2\" at its top level."),
    };

    // In quotes it is a text, which cloud-init does not know for a version.
    private static YamlMap WithNumber(YamlMap root, int version) => root["version"] is YamlScalar { Value: string }
        ? new YamlMap([.. root.Entries.Select(entry => entry.Key.Value is "version" ? (entry.Key, new YamlScalar(YamlKind.Integer, $"{version}", new BigInteger(version))) : entry)])
        : root;

    private static void RequireList(YamlMap root)
    {
        if (root["config"] is not YamlList list || !list.Items.All(item => (item as YamlMap)?["type"] is YamlScalar { Value: string }))
            throw new ArgumentException("network-config of version 1 has no \"config\" that is a list of mappings with a \"type\" each.");
    }

    private static void RequireMappings(YamlMap root)
    {
        if (!Kinds.Any(kind => root[kind] is not null))
            throw new ArgumentException($"network-config of version 2 has no devices: none of {string.Join(", ", Kinds)}.");
        foreach (var kind in Kinds)
            if (root[kind] is { } devices && !(devices is YamlMap map && map.Entries.All(device => device.Value is YamlMap)))
                throw new ArgumentException($"network-config of version 2 has \"{kind}\" that are no mapping of names to mappings.");
    }
}
