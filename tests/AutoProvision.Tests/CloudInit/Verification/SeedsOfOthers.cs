using YamlDotNet.RepresentationModel;

namespace AutoProvision.CloudInit.Verification;

internal static class SeedsOfOthers
{
    /// <summary>A seed's cloud-config without the verifying script, which is the first of its files, for tests of the rest.</summary>
    public static YamlMappingNode WithoutVerification(this YamlMappingNode config)
    {
        var files = (YamlSequenceNode)config.At("write_files");
        Assert.Equal(VerificationScript.Path, files.Text(0, "path"));
        files.Children.RemoveAt(0);
        if (files.Children.Count == 0)
            config.Children.Remove("write_files");
        return config;
    }
}
