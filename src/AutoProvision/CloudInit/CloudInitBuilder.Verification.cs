using AutoProvision.CloudInit.Verification;
using YamlDotNet.RepresentationModel;
using static AutoProvision.CloudInit.CloudConfigYaml;

namespace AutoProvision.CloudInit;

// That what was asked for is there.
public sealed partial class CloudInitBuilder
{
    private VerificationScript? _verification;

    /// <summary>Runs a script that looks whether everything is there, once per instance, before any command or script of the user-data.</summary>
    public CloudInitBuilder Verify(VerificationScript script)
    {
        _verification = script;
        return this;
    }

    // The first of the files: what is written after one that fails is lost (cc_write_files stops there), and that is to be seen.
    private IEnumerable<YamlNode> VerifyingScript() => _verification is null ? []
        : [Map(("path", Text(VerificationScript.Path)), ("content", Text(_verification.Build())), ("permissions", Text("0700")))];
}
