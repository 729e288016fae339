using AutoProvision.CloudInit.Yaml;

namespace AutoProvision.CloudInit;

/// <summary>One part of a caller's user-data.</summary>
/// <param name="ContentType">What cloud-init takes it for, such as text/cloud-config.</param>
/// <param name="Body">Its text.</param>
/// <param name="FileName">The name that cloud-init stores it under; null where it makes one up.</param>
/// <param name="MergeType">How it is merged into the parts before it (cloud-init's Merge-Type header); null leaves cloud-init's default.</param>
/// <param name="Config">What a cloud-config says; null in other parts, and where nothing was looked at.</param>
internal sealed record CallersPart(string ContentType, string Body, string? FileName = null, string? MergeType = null, YamlMap? Config = null)
{
    public const string CloudConfig = "text/cloud-config";
    public const string Boothook = "text/cloud-boothook";
    public const string Script = "text/x-shellscript";

    /// <summary>Scripts of their own folders: /var/lib/cloud/scripts/per-boot, per-instance and per-once.</summary>
    private static readonly HashSet<string> Scripts = [Script, Script + "-per-boot", Script + "-per-instance", Script + "-per-once"];

    // As cloud-init tells them apart (INCLUSION_TYPES_MAP in cloudinit/handlers/__init__.py), longest first.
    private static readonly (string Prefix, string ContentType)[] Prefixes =
    [
        ("#cloud-config-archive", "text/cloud-config-archive"),
        ("#cloud-config-jsonp", "text/cloud-config-jsonp"),
        ("## template: jinja", "text/jinja2"),
        ("#cloud-boothook", Boothook),
        ("#include-once", "text/x-include-once-url"),
        ("#part-handler", "text/part-handler"),
        ("#cloud-config", CloudConfig),
        ("#include", "text/x-include-url"),
        ("#!", Script),
    ];

    /// <summary>What the guest gets: a cloud-config is written again so that its reader cannot read it otherwise than ours, anything else goes byte for byte.</summary>
    public string Rendered => Config is null ? Body : YamlWriter.Write(Config, "#cloud-config\n");

    /// <summary>What cloud-init takes a text for by its beginning (type_from_starts_with); null when it knows it not.</summary>
    public static string? Detect(string text)
    {
        var start = text.TrimStart();
        return Prefixes.FirstOrDefault(it => start.StartsWith(it.Prefix, StringComparison.OrdinalIgnoreCase)).ContentType;
    }

    /// <exception cref="ArgumentException">It is of a kind that is not taken, or would not run.</exception>
    public void Check()
    {
        CheckKind(ContentType);
        if (ContentType == CloudConfig)
            return;
        // The kernel runs no file that begins otherwise; cloud-init drops a boothook's own first line, if it is exactly that.
        var code = ContentType != Boothook ? Body
            : (Body.StartsWith("#cloud-boothook", StringComparison.Ordinal) ? Body["#cloud-boothook".Length..] : Body).TrimStart();
        if (!code.StartsWith("#!", StringComparison.Ordinal))
            throw new ArgumentException(ContentType == Boothook
                ? "userData has a boothook that is no script: after #cloud-boothook its first line must begin with \"#!\"."
                : "userData has a script that does not begin with \"#!\": no blank line may come before it.");
    }

    /// <exception cref="ArgumentException">Parts of this kind are not taken.</exception>
    public static void CheckKind(string contentType)
    {
        if (Why(contentType) is { } why)
            throw new ArgumentException($"userData has a part of the kind {contentType}, {why}.");
    }

    private static string? Why(string contentType) => contentType switch
    {
        CloudConfig or Boothook => null,
        _ when Scripts.Contains(contentType) => null,
        "text/x-include-url" or "text/x-include-once-url" => "which is fetched by the guest and so cannot be checked",
        "text/part-handler" => "which changes how cloud-init reads the rest and so cannot be checked",
        "text/jinja2" => "which is filled in by the guest and so cannot be checked",
        "text/cloud-config-jsonp" => "which can change anything that is already set and so cannot be checked",
        _ when contentType.Contains("zip", StringComparison.Ordinal) || contentType.Contains("compress", StringComparison.Ordinal) => "which is compressed and so cannot be checked; send it as it is",
        _ => "which is not taken: cloud-config, scripts, boothooks, archives and MIME messages of these are",
    };
}
