using static AutoProvision.CloudInit.CloudConfigYaml;

namespace AutoProvision.CloudInit;

/// <summary>The choices of a service that makes machines nobody sits in front of; apart from the builder, which makes none.</summary>
public static class CloudInitServiceDefaults
{
    /// <summary>
    /// SSH by key alone and not as root; no seconds spent on printing keys to a console nobody reads or on generating a locale
    /// (whose module fails where the locales package is missing). Growing the root to the disk's size is every image's own default.
    /// </summary>
    public static CloudInitBuilder WithServiceDefaults(this CloudInitBuilder builder) => builder
        .Set("ssh_pwauth", Flag(false))
        .Set("disable_root", Flag(true))
        .Set("no_ssh_fingerprints", Flag(true))
        .Set("ssh", Map(("emit_keys_to_console", Flag(false))))
        // Quoted: cc_locale takes "false" as well, and the schema of 22.4 knows strings only.
        .Set("locale", Text("false"));
}
