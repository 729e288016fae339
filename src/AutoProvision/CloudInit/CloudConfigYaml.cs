using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace AutoProvision.CloudInit;

/// <summary>
/// Writes YAML that PyYAML (YAML 1.1, what cloud-init reads with) takes back exactly.
/// Every string is double-quoted, so no value is ever taken for a boolean, number, null, date, anchor or tag.
/// </summary>
internal static partial class CloudConfigYaml
{
    public static YamlNode Text(string value) => new YamlScalarNode(value) { Style = ScalarStyle.DoubleQuoted };

    public static YamlNode Flag(bool value) => new YamlScalarNode(value ? "true" : "false");

    public static YamlNode Texts(IEnumerable<string> values) => new YamlSequenceNode(values.Select(Text));

    public static YamlMappingNode Map(params IEnumerable<(string Key, YamlNode Value)> entries)
    {
        var map = new YamlMappingNode();
        foreach (var (key, value) in entries)
            map.Add(key, value);
        return map;
    }

    public static string Write(YamlMappingNode document, string firstLine = "")
    {
        using var text = new StringWriter { NewLine = "\n" };
        // Unbounded width: folding a long line is legal, but one thing less for two parsers to agree on.
        var emitter = new Emitter(text, EmitterSettings.Default.WithBestWidth(int.MaxValue).WithNewLine("\n"));
        // The stream's own closing marker "..." is of no use in a file of one document.
        new YamlStream(new YamlDocument(document)).Save(emitter, assignAnchors: false);
        return firstLine + MimeVersion().Replace(WithoutEnd(text.ToString()), "$1\\x3A");
    }

    private static string WithoutEnd(string yaml) => yaml.EndsWith("...\n", StringComparison.Ordinal) ? yaml[..^4] : yaml;

    // cloud-init takes user-data for a MIME message when "mime-version:" stands anywhere in its first 4,096 bytes
    // (convert_string in cloudinit/user_data.py, 22.4 to 26.2). Only quoted values can contain it: our keys do not.
    [GeneratedRegex("(mime-version):", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex MimeVersion();
}
