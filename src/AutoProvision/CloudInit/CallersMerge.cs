using AutoProvision.CloudInit.Yaml;

namespace AutoProvision.CloudInit;

/// <summary>What a top-level mapping is once cloud-init has merged a caller's cloud-configs in their order (handlers/cloud_config.py, mergers/m_dict.py).</summary>
internal static class CallersMerge
{
    private static readonly string[] Replacing = ["replace"];

    /// <summary>The key's value; null where none of the parts gives it one.</summary>
    public static YamlValue? Value(CallersUserData userData, string key)
    {
        YamlValue? value = null;
        foreach (var part in userData.Parts.Where(part => part.Config is not null))
            // Without a merger for mappings a part changes nothing.
            if (part.Config![key] is { } next && Settings(part) is { } settings)
                value = value is null ? next : Same(value, next, settings);
        return value;
    }

    // Of all that a part names the first counts, its own keys before its header (LookupMerger).
    private static IReadOnlyList<string>? Settings(CallersPart part)
    {
        List<(string Name, IReadOnlyList<string> Settings)> mergers = [.. Named(part.Config!["merge_how"] ?? part.Config["merge_type"]), .. Parse(part.MergeType)];
        return mergers.Count == 0 ? Replacing : mergers.Where(merger => merger.Name == "dict").Select(merger => merger.Settings).FirstOrDefault();
    }

    private static IEnumerable<(string, IReadOnlyList<string>)> Named(YamlValue? how) => how switch
    {
        YamlList list => list.Items.OfType<YamlMap>().Select(map => (Text(map["name"])?.Trim() ?? "", Words(map["settings"]))),
        _ => Parse(Text(how)),
    };

    private static IEnumerable<(string, IReadOnlyList<string>)> Parse(string? how) => (how ?? "").Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant()
        .Split('+', StringSplitOptions.RemoveEmptyEntries)
        .Select(merger => merger.TrimEnd(')').Split('('))
        .Select(merger => (merger[0], (IReadOnlyList<string>)(merger.Length > 1 ? merger[1].Split(',') : [])));

    private static IReadOnlyList<string> Words(YamlValue? settings) => settings is YamlList list ? [.. list.Items.Select(Text).OfType<string>()] : [];

    // Of a key that is there already.
    private static YamlValue Same(YamlValue old, YamlValue next, IReadOnlyList<string> settings) => next switch
    {
        _ when settings.Contains("replace") => next,
        YamlMap map when old is YamlMap into => Merge(into, map, settings),
        _ => old,
    };

    private static YamlMap Merge(YamlMap into, YamlMap from, IReadOnlyList<string> settings)
    {
        var merged = into.Entries.ToDictionary(entry => entry.Key.Identity);
        foreach (var (key, value) in from.Entries)
        {
            var both = merged.TryGetValue(key.Identity, out var there) ? Same(there.Value, value, settings) : value;
            merged[key.Identity] = (there.Key ?? key, both);
        }
        return new YamlMap([.. merged.Values]);
    }

    private static string? Text(YamlValue? value) => (value as YamlScalar)?.Value as string;
}
