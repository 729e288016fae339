using AutoProvision.Inputs;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;
using static AutoProvision.CloudInit.CloudConfigYaml;

namespace AutoProvision.CloudInit;

/// <summary>Files of a caller's own cloud-config that have to wait for a mount or a home.</summary>
internal static class LateFiles
{
    /// <summary>The part, with <c>defer</c> set on each file that is late and says nothing of that itself. Any other part stays byte for byte.</summary>
    public static CallersPart Deferred(CallersPart part, Func<string, bool> isLate)
    {
        if (part.ContentType != CallersPart.CloudConfig || Root(part) is not { } root || YamlText.Get(root, "write_files") is not YamlSequenceNode files)
            return part;
        var late = files.OfType<YamlMappingNode>().Where(file => YamlText.Get(file, "path") is YamlScalarNode { Value: { } path } && isLate(Path.GetFullPath(path, "/")) && YamlText.Get(file, "defer") is null).ToList();
        // The emitter leaves a mapping's tag out, and no cloud-config has use for a set.
        if (late.Count == 0 || root.AllNodes.Any(node => node is YamlMappingNode { Tag.IsEmpty: false }))
            return part;
        foreach (var node in root.AllNodes)
        {
            // Written out where it is used; and quoted in the one way that every reader takes alike.
            node.Anchor = AnchorName.Empty;
            if (node is YamlScalarNode { Style: not ScalarStyle.Plain } scalar)
                scalar.Style = ScalarStyle.DoubleQuoted;
            // The emitter quotes it, which makes a text of nothing.
            else if (node is YamlScalarNode { Value: null or "", Tag.IsEmpty: true } nothing)
                nothing.Value = "null";
        }
        foreach (var file in late)
            file.Add("defer", Flag(true));
        return part with { Body = Write(root, "#cloud-config\n") };
    }

    /// <summary>The part's mapping; it was checked before.</summary>
    public static YamlMappingNode? Root(CallersPart part) => YamlText.Root(part.Body, InputBudget.OfJournal(CloudConfigRules.What)) as YamlMappingNode;
}
