using System.Text.Json;
using System.Text.RegularExpressions;
using AutoProvision.CloudInit.Yaml;

namespace AutoProvision.CloudInit;

/// <summary>Types as JSON schema has them; a text can be bytes too (is_schema_byte_string in cloudinit/config/schema.py).</summary>
[Flags]
internal enum CloudConfigType
{
    None = 0,
    Nothing = 1,
    Flag = 2,
    Integer = 4,
    Number = 8,
    Text = 16,
    List = 32,
    Map = 64,
    // A date has none.
    Other = 128,
}

/// <summary>A value that is of none of the types that cloud-init's schema has for its place.</summary>
internal sealed record CloudConfigTypeError(string Pointer, YamlValue Value, CloudConfigType Expected);

/// <summary>
/// What one version of cloud-init says of the types of a cloud-config's values: the part of JSON schema (draft 4) that its schema uses for that. Lengths, patterns and
/// lists of words are not looked at.
/// </summary>
internal sealed class CloudConfigTypes
{
    private CloudConfigType _types;
    private bool _isClosed;
    private CloudConfigTypes? _others;
    private CloudConfigTypes? _items;
    private readonly Dictionary<string, CloudConfigTypes> _properties = [];
    private readonly List<(Regex Name, CloudConfigTypes Type)> _patterns = [];
    private readonly List<CloudConfigTypes> _all = [];
    private readonly List<CloudConfigTypes[]> _alternatives = [];

    /// <summary>The types of the top-level keys, by key.</summary>
    public static IReadOnlyDictionary<string, CloudConfigTypes> Load(string version)
    {
        using var stream = typeof(CloudConfigTypes).Assembly.GetManifestResourceStream($"cloud-init-{version}.json")!;
        using var document = JsonDocument.Parse(stream);
        var root = Read(document.RootElement, document.RootElement.GetProperty("$defs"), []);
        // 25.1 names all keys once more, without types.
        return root._all.SelectMany(module => module._all.Append(module)).Append(root).SelectMany(module => module._properties).GroupBy(it => it.Key).ToDictionary(it => it.Key, it => it.First().Value);
    }

    // More are not told.
    private const int Most = 100;

    /// <summary>Whether it is of the right types throughout, and has no key that is not known.</summary>
    public bool Takes(YamlValue value) =>
        (_types == CloudConfigType.None || (TypeOf(value) & _types) != CloudConfigType.None)
        && _all.TrueForAll(type => type.Takes(value))
        && (LeavesAlternativesOut(value) || _alternatives.TrueForAll(alternatives => Array.Exists(alternatives, type => type.Takes(value))))
        && value switch
        {
            YamlMap map => map.Entries.All(TakesEntry),
            YamlList list => _items is null || list.Items.All(_items.Takes),
            _ => true,
        };

    /// <summary>Looks through a value.</summary>
    /// <param name="value">The value.</param>
    /// <param name="pointer">Where it is.</param>
    /// <param name="errors">Gets what is of another type.</param>
    /// <param name="unknown">Gets pointers to keys that are not known there.</param>
    public void Check(YamlValue value, string pointer, List<CloudConfigTypeError> errors, List<string> unknown)
    {
        if (errors.Count + unknown.Count >= Most || Takes(value))
            return;
        if (_types != CloudConfigType.None && (TypeOf(value) & _types) == CloudConfigType.None)
        {
            errors.Add(new CloudConfigTypeError(pointer, value, _types));
            return;
        }
        foreach (var type in _all)
            type.Check(value, pointer, errors, unknown);
        if (!LeavesAlternativesOut(value))
            foreach (var alternatives in _alternatives)
                CheckAny(alternatives, value, pointer, errors, unknown);
        if (value is YamlMap map)
            foreach (var entry in map.Entries.Where(entry => !TakesEntry(entry)).Take(Most))
                CheckEntry(entry.Key, entry.Value, pointer, errors, unknown);
        else if (value is YamlList list && _items is not null)
            foreach (var (index, item) in list.Items.Index().Where(it => !_items.Takes(it.Item)).Take(Most))
                _items.Check(item, $"{pointer}/{index}", errors, unknown);
    }

    // "partition" of fs_setup may be a number by its types, and a text alone by its alternatives.
    private bool LeavesAlternativesOut(YamlValue value) => _types != CloudConfigType.None && value is YamlScalar;

    private IEnumerable<CloudConfigTypes> Of(YamlScalar key)
    {
        if (key.Value is string name && _properties.TryGetValue(name, out var property))
            yield return property;
        foreach (var (pattern, type) in _patterns)
            if (pattern.IsMatch(key.Text))
                yield return type;
    }

    private bool TakesEntry((YamlScalar Key, YamlValue Value) entry)
    {
        if (_properties.Count == 0 && _patterns.Count == 0)
            return !_isClosed && (_others?.Takes(entry.Value) ?? true);
        var isKnown = false;
        foreach (var type in Of(entry.Key))
        {
            if (!type.Takes(entry.Value))
                return false;
            isKnown = true;
        }
        return isKnown || (!_isClosed && (_others?.Takes(entry.Value) ?? true));
    }

    private void CheckEntry(YamlScalar key, YamlValue value, string pointer, List<CloudConfigTypeError> errors, List<string> unknown)
    {
        var place = $"{pointer}/{key.Text.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}";
        var known = Of(key).ToArray();
        foreach (var type in known.Length > 0 ? known : _others is null ? [] : [_others])
            type.Check(value, place, errors, unknown);
        if (known.Length == 0 && _isClosed)
            unknown.Add(place);
    }

    // The alternative that takes it with the fewest keys unknown; else what is wrong by the one that is nearest.
    private static void CheckAny(CloudConfigTypes[] alternatives, YamlValue value, string pointer, List<CloudConfigTypeError> errors, List<string> unknown)
    {
        var all = alternatives.Select(type =>
        {
            var (wrong, strange) = (new List<CloudConfigTypeError>(), new List<string>());
            type.Check(value, pointer, wrong, strange);
            return (Wrong: wrong, Strange: strange, IsOther: wrong.Any(error => error.Pointer == pointer));
        }).OrderBy(it => it.IsOther).ThenBy(it => it.Wrong.Count).ThenBy(it => it.Strange.Count).ToArray();
        unknown.AddRange(all[0].Strange);
        if (all[0].IsOther)
            errors.Add(new CloudConfigTypeError(pointer, value, all.SelectMany(it => it.Wrong).Where(error => error.Pointer == pointer).Aggregate(CloudConfigType.None, (types, error) => types | error.Expected)));
        else
            errors.AddRange(all[0].Wrong);
    }

    private static CloudConfigType TypeOf(YamlValue value) => value switch
    {
        YamlMap => CloudConfigType.Map,
        YamlList => CloudConfigType.List,
        YamlScalar { Kind: YamlKind.Text or YamlKind.Binary } => CloudConfigType.Text,
        YamlScalar { Kind: YamlKind.Nothing } => CloudConfigType.Nothing,
        YamlScalar { Kind: YamlKind.Flag } => CloudConfigType.Flag,
        YamlScalar { Kind: YamlKind.Integer } => CloudConfigType.Integer | CloudConfigType.Number,
        YamlScalar { Kind: YamlKind.Number } => CloudConfigType.Number,
        _ => CloudConfigType.Other,
    };

    private static CloudConfigTypes Read(JsonElement schema, JsonElement definitions, Dictionary<string, CloudConfigTypes> known)
    {
        var types = new CloudConfigTypes();
        foreach (var member in schema.EnumerateObject())
        {
            CloudConfigTypes Of(JsonElement element) => Read(element, definitions, known);
            switch (member.Name)
            {
                case "type" when member.Value.ValueKind == JsonValueKind.Array:
                    types._types = member.Value.EnumerateArray().Aggregate(CloudConfigType.None, (all, name) => all | Named(name.GetString()!));
                    break;
                case "type":
                    types._types = Named(member.Value.GetString()!);
                    break;
                case "properties":
                    foreach (var property in member.Value.EnumerateObject())
                        types._properties[property.Name] = Of(property.Value);
                    break;
                case "patternProperties":
                    foreach (var pattern in member.Value.EnumerateObject())
                        types._patterns.Add((new Regex(pattern.Name, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant), Of(pattern.Value)));
                    break;
                case "items":
                    types._items = Of(member.Value);
                    break;
                case "additionalProperties" when member.Value.ValueKind == JsonValueKind.Object:
                    types._others = Of(member.Value);
                    break;
                case "additionalProperties":
                    types._isClosed = member.Value.ValueKind == JsonValueKind.False;
                    break;
                case "allOf":
                    types._all.AddRange(member.Value.EnumerateArray().Select(Of));
                    break;
                case "oneOf" or "anyOf":
                    types._alternatives.Add([.. member.Value.EnumerateArray().Select(Of)]);
                    break;
                case "$ref":
                    types._all.Add(Definition(member.Value.GetString()!["#/$defs/".Length..], definitions, known));
                    break;
            }
        }
        return types;
    }

    private static CloudConfigTypes Definition(string name, JsonElement definitions, Dictionary<string, CloudConfigTypes> known)
    {
        if (!known.TryGetValue(name, out var types))
            known[name] = types = Read(definitions.GetProperty(name), definitions, known);
        return types;
    }

    private static CloudConfigType Named(string name) => name switch
    {
        "null" => CloudConfigType.Nothing,
        "boolean" => CloudConfigType.Flag,
        "integer" => CloudConfigType.Integer,
        "number" => CloudConfigType.Number,
        "string" => CloudConfigType.Text,
        "array" => CloudConfigType.List,
        _ => CloudConfigType.Map,
    };
}
