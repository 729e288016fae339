using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace AutoProvision.CloudInit;

/// <summary>User-data read back as a YAML 1.1 reader would: only quoted scalars are strings.</summary>
internal static class ParsedUserData
{
    public static YamlMappingNode Root(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return (YamlMappingNode)Assert.Single(stream.Documents).RootNode;
    }

    public static YamlMappingNode Parse(this CloudInitBuilder builder) => Root(builder.BuildYaml());

    public static YamlNode At(this YamlNode node, params object[] path) =>
        path.Aggregate(node, (at, step) => step is int index ? at[index] : at[(string)step]);

    public static string Text(this YamlNode node, params object[] path)
    {
        var scalar = Assert.IsType<YamlScalarNode>(node.At(path));
        Assert.Equal(ScalarStyle.DoubleQuoted, scalar.Style);
        return scalar.Value!;
    }

    /// <summary>A boolean, written as one.</summary>
    public static string Plain(this YamlNode node, params object[] path)
    {
        var scalar = Assert.IsType<YamlScalarNode>(node.At(path));
        Assert.Equal(ScalarStyle.Plain, scalar.Style);
        return scalar.Value!;
    }

    public static string[] Texts(this YamlNode node, params object[] path) =>
        [.. Assert.IsType<YamlSequenceNode>(node.At(path)).Select(item => item.Text())];

    public static bool Has(this YamlNode node, string key) => ((YamlMappingNode)node).Children.ContainsKey(key);
}
