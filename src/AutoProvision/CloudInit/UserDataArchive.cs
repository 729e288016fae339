using AutoProvision.CloudInit.Yaml;
using AutoProvision.Inputs;

namespace AutoProvision.CloudInit;

/// <summary>A <c>#cloud-config-archive</c>: a YAML list of parts (_explode_archive in cloudinit/user_data.py).</summary>
internal static class UserDataArchive
{
    public const string ContentType = "text/cloud-config-archive";
    private const string What = "userData's archive";

    /// <param name="yaml">The whole text.</param>
    /// <param name="budget">How much of it is read.</param>
    /// <exception cref="ArgumentException">It is no list of texts and of mappings with a text "content".</exception>
    public static IReadOnlyList<CallersPart> Read(string yaml, InputBudget budget)
    {
        if (YamlReader.Read(yaml, budget.Of(What)) is not YamlList entries)
            throw new ArgumentException($"{What} is not one YAML list.");
        budget.CheckParts(entries.Items.Count);
        return [.. entries.Items.Select(Part)];
    }

    private static CallersPart Part(YamlValue entry)
    {
        var map = entry as YamlMap;
        var content = Field(map is null ? entry : map["content"])
            ?? throw new ArgumentException($"{What} has an entry that is neither a text nor a mapping with a text \"content\" (line {entry.Line}).");
        var type = Field(map?["type"]) ?? CallersPart.Detect(content) ?? CallersPart.CloudConfig;
        return new CallersPart(type.ToLowerInvariant(), content, Field(map?["filename"]), Field(map?["Merge-Type"]) ?? Field(map?["X-Merge-Type"]));
    }

    private static string? Field(YamlValue? value) => (value as YamlScalar)?.Value as string;
}
