using System.Text.RegularExpressions;
using AutoProvision.Inputs;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace AutoProvision.CloudInit;

/// <summary>Reads YAML that a caller wrote and that cloud-init will read with PyYAML.</summary>
internal static partial class YamlText
{
    /// <summary>The root of the text's only document; null when there is none.</summary>
    /// <param name="yaml">The text.</param>
    /// <param name="budget">What it is, and how much of it is read.</param>
    /// <param name="check">Looks at each node before anything else does; null looks at none.</param>
    /// <exception cref="ArgumentException">The text is not valid YAML, or too large or complex.</exception>
    public static YamlNode? Root(string yaml, InputBudget budget, Action<NodeEvent>? check = null)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new CheckedEvents(new BoundedYaml(yaml, budget), check));
            return stream.Documents.Count == 1 ? stream.Documents[0].RootNode : null;
        }
        // YamlDotNet 18 leaves some broken documents to an internal check, which throws InvalidOperationException.
        catch (Exception e) when (e is YamlException or InvalidOperationException)
        {
            var place = e is YamlException { Start.Line: > 0 } at ? $"line {at.Start.Line}: " : "";
            throw new ArgumentException($"{budget.What} is not valid YAML: {place}{e.Message}", e);
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

    /// <summary>Whether PyYAML takes this scalar for true.</summary>
    public static bool IsTrue(YamlNode node) =>
        node is YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" or "True" or "TRUE" or "yes" or "Yes" or "YES" or "on" or "On" or "ON" };

    /// <summary>The value of a key, whatever the key's quotes; null when there is none.</summary>
    public static YamlNode? Get(YamlMappingNode map, string key) =>
        map.Children.FirstOrDefault(entry => entry.Key is YamlScalarNode scalar && scalar.Value == key).Value;

    private sealed class CheckedEvents(BoundedYaml events, Action<NodeEvent>? check) : IParser
    {
        public ParsingEvent? Current => events.Current;

        public bool MoveNext()
        {
            var isThere = events.MoveNext();
            if (isThere && Current is NodeEvent node)
                check?.Invoke(node);
            return isThere;
        }
    }

    [GeneratedRegex(@"\A(|~|=|<<|null|yes|no|true|false|on|off|[-+]?\.(inf|nan)|[-+.]?[0-9][0-9a-fxobtz_.:+ \t-]*)\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NoString();
}
