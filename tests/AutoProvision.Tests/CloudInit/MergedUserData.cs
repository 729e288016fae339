using System.Text;
using MimeKit;
using YamlDotNet.RepresentationModel;

namespace AutoProvision.CloudInit;

/// <summary>
/// The one cloud-config that cloud-init makes of user-data, of one part or several: those of its mergers (cloudinit/mergers) that
/// our parts and its defaults use.
/// </summary>
internal static class MergedUserData
{
    public static YamlMappingNode Root(string userData) =>
        Parts(userData).Where(part => part.Type == "text/cloud-config").Select(part => ParsedUserData.Root(part.Body)).Aggregate(new YamlMappingNode(), Merge);

    /// <summary>The parts in their order; the only one of plain user-data has no file name.</summary>
    public static IReadOnlyList<(string Type, string? Name, string Body)> Parts(string userData)
    {
        if (!userData.StartsWith("MIME-Version: 1.0\n", StringComparison.Ordinal))
            return [("text/cloud-config", null, userData)];
        using var stream = new MemoryStream(Encoding.ASCII.GetBytes(userData));
        return [.. ((Multipart)MimeEntity.Load(stream)).Cast<MimePart>().Select(part => (part.ContentType.MimeType, (string?)part.FileName, Body(part)))];
    }

    // Not MimeKit's text, which has line ends of its own.
    private static string Body(MimePart part)
    {
        using var bytes = new MemoryStream();
        part.Content!.DecodeTo(bytes);
        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private static YamlMappingNode Merge(YamlMappingNode all, YamlMappingNode part)
    {
        var how = part.Children.TryGetValue("merge_how", out var given) ? ((YamlScalarNode)given).Value! : "dict(replace)+list()+str()";
        foreach (var (key, value) in part.Children.Where(entry => ((YamlScalarNode)entry.Key).Value != "merge_how"))
        {
            if (!all.Children.TryGetValue(key, out var before) || how.Contains("dict(replace)", StringComparison.Ordinal))
                all.Children[key] = value;
            else if (value is YamlSequenceNode items && how.Contains("recurse_list", StringComparison.Ordinal))
                all.Children[key] = how.Contains("prepend", StringComparison.Ordinal)
                    ? new YamlSequenceNode(items.Concat((YamlSequenceNode)before))
                    : new YamlSequenceNode(((YamlSequenceNode)before).Concat(items));
        }
        return all;
    }
}
