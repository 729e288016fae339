using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace AutoProvision.CloudInit;

/// <summary>Reads YAML that a caller wrote and that cloud-init will read with PyYAML.</summary>
internal static partial class YamlText
{
    // Real documents are a few levels deep; the representation model recurses once per level.
    private const int MaxDepth = 64;

    /// <summary>The root of the text's only document; null when there is none or more than one.</summary>
    /// <param name="yaml">The text.</param>
    /// <param name="what">What it is, for the message.</param>
    /// <param name="check">Looks at each event before anything else does; null looks at none.</param>
    /// <exception cref="ArgumentException">The text is no YAML, or too deep.</exception>
    public static YamlNode? Root(string yaml, string what, Action<NodeEvent>? check = null)
    {
        try
        {
            Walk(yaml, what, check);
            var stream = new YamlStream();
            stream.Load(new StringReader(yaml));
            return stream.Documents.Count == 1 ? stream.Documents[0].RootNode : null;
        }
        // YamlDotNet 18 leaves some broken documents to an internal check, which throws InvalidOperationException.
        catch (Exception e) when (e is YamlException or InvalidOperationException)
        {
            var place = e is YamlException { Start.Line: > 0 } at ? $"line {at.Start.Line}: " : "";
            throw new ArgumentException($"{what} is not valid YAML: {place}{e.Message}", e);
        }
    }

    /// <summary>
    /// Whether PyYAML surely takes this scalar for a string: it is quoted, or plain and like no boolean, number, date or null
    /// of YAML 1.1 (yaml/resolver.py, by first characters). A plain "7e ab" counts as a number: quoting it is no loss.
    /// </summary>
    public static bool IsString(YamlNode node) =>
        node is YamlScalarNode { Value: { } value } scalar && (scalar.Style != ScalarStyle.Plain || !NoString().IsMatch(value));

    /// <summary>Whether PyYAML takes this scalar for nothing.</summary>
    public static bool IsNull(YamlNode node) => node is YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" or "~" or "null" or "Null" or "NULL" };

    /// <summary>Whether PyYAML takes this scalar for false.</summary>
    public static bool IsFalse(YamlNode node) =>
        node is YamlScalarNode { Style: ScalarStyle.Plain, Value: "false" or "False" or "FALSE" or "no" or "No" or "NO" or "off" or "Off" or "OFF" };

    /// <summary>The value of a key, whatever the key's quotes; null when there is none.</summary>
    public static YamlNode? Get(YamlMappingNode map, string key) =>
        map.Children.FirstOrDefault(entry => entry.Key is YamlScalarNode scalar && scalar.Value == key).Value;

    private static void Walk(string yaml, string what, Action<NodeEvent>? check)
    {
        var depth = 0;
        var parser = new Parser(new StringReader(yaml));
        while (parser.MoveNext())
        {
            if (parser.Current is NodeEvent node)
                check?.Invoke(node);
            depth += parser.Current switch
            {
                MappingStart or SequenceStart => 1,
                MappingEnd or SequenceEnd => -1,
                _ => 0,
            };
            if (depth > MaxDepth)
                throw new ArgumentException($"{what} is nested more than {MaxDepth} levels deep.");
        }
    }

    [GeneratedRegex(@"\A(|~|=|<<|null|yes|no|true|false|on|off|[-+]?\.(inf|nan)|[-+.]?[0-9][0-9a-fxobtz_.:+ \t-]*)\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NoString();
}
