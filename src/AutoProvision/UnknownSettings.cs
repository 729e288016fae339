using System.Reflection;

namespace AutoProvision;

/// <summary>
/// Finds settings that a section does not have: the binder passes over a misspelt one, and the default holds. Its own
/// <c>ErrorOnUnknownConfiguration</c> ends at the first one and does not say what there is.
/// </summary>
internal static class UnknownSettings
{
    /// <summary>
    /// Everything below one of our sections that no property of its options is bound from. No value is told: it may be a secret. The
    /// section's own value is left alone: an environment variable of somebody else's may have its name, such as IMAGES.
    /// </summary>
    public static IEnumerable<string> Below(IConfigurationSection section, Type options) => section.GetChildren().SelectMany(child => InObject(section, child, options));

    /// <summary>Sections whose name is near to one of ours and that hold a setting of it; others belong to somebody else.</summary>
    public static IEnumerable<string> Beside(IConfiguration configuration, IReadOnlyDictionary<string, Type> sections) =>
        from section in configuration.GetChildren()
        where !sections.ContainsKey(section.Key)
        from meant in sections
        where Distance(section.Key, meant.Key) <= meant.Key.Length / 3
        from setting in section.GetChildren()
        where Names(meant.Value).Contains(setting.Key, StringComparer.OrdinalIgnoreCase)
        select $"{setting.Path} is unknown; there is no section {section.Key}, but {meant.Key} has this setting.";

    private static IEnumerable<string> In(IConfigurationSection section, Type options) =>
        IsMap(options, out var entry) ? Alone(section, "entries with names").Concat(section.GetChildren().SelectMany(child => In(child, entry)))
        : IsList(options, out var item) ? Alone(section, $"a list, {section.Path}:0 and so on").Concat(section.GetChildren().SelectMany(child => In(child, item)))
        : IsObject(options) ? Alone(section, string.Join(", ", Names(options))).Concat(Below(section, options))
        : section.GetChildren().Select(child => $"{child.Path} is unknown; {section.Path} is a single value.");

    private static IEnumerable<string> InObject(IConfigurationSection section, IConfigurationSection child, Type options) =>
        Properties(options).FirstOrDefault(property => property.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase)) is { } property
            ? In(child, property.PropertyType)
            : [$"{child.Path} is unknown; {section.Path} has {Known(options, child.Key)}."];

    // An empty value may take a default away.
    private static IEnumerable<string> Alone(IConfigurationSection section, string has) =>
        string.IsNullOrEmpty(section.Value) ? [] : [$"{section.Path} is no single value; it has {has}."];

    // The nearest first.
    private static string Known(Type options, string name) => string.Join(", ", Names(options).OrderBy(known => Distance(known, name)));

    private static IEnumerable<string> Names(Type options) => Properties(options).Select(property => property.Name);

    private static IEnumerable<PropertyInfo> Properties(Type options) => options.GetProperties().Where(property => property.SetMethod?.IsPublic == true);

    private static bool IsObject(Type type) => type.Assembly == typeof(UnknownSettings).Assembly && type.IsClass;

    private static bool IsMap(Type type, out Type entry) => Holds(type, typeof(Dictionary<,>), out entry);

    private static bool IsList(Type type, out Type item) => Holds(type, typeof(List<>), out item);

    private static bool Holds(Type type, Type collection, out Type held)
    {
        var isOne = type.IsGenericType && type.GetGenericTypeDefinition() == collection;
        held = isOne ? type.GetGenericArguments()[^1] : type;
        return isOne;
    }

    // How many letters to change, add or drop (Levenshtein).
    private static int Distance(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 0; i < one.Length; i++)
        {
            var diagonal = row[0]++;
            for (var j = 0; j < other.Length; j++)
            {
                var cost = char.ToLowerInvariant(one[i]) == char.ToLowerInvariant(other[j]) ? diagonal : diagonal + 1;
                (diagonal, row[j + 1]) = (row[j + 1], Math.Min(cost, Math.Min(row[j], row[j + 1]) + 1));
            }
        }
        return row[^1];
    }
}
