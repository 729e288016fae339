namespace AutoProvision.CloudInit.Yaml;

/// <summary>A value of a document as PyYAML's safe loader makes it: aliases are written out and merge keys are followed. Never changed once it is read.</summary>
internal abstract class YamlValue
{
    /// <summary>Where it begins, counted from 1; an alias's value is where its anchor is.</summary>
    public int Line { get; init; }

    /// <summary>Levels of collections, itself included.</summary>
    public int Height { get; protected init; }

    /// <summary>Keys, values and collections in it, itself included.</summary>
    public long Nodes { get; protected init; } = 1;

    /// <summary>UTF-8 bytes of its texts.</summary>
    public long Bytes { get; protected init; }
}

/// <summary>Items in their order.</summary>
internal sealed class YamlList : YamlValue
{
    public YamlList(IReadOnlyList<YamlValue> items)
    {
        Items = items;
        (Height, Nodes, Bytes) = (1 + items.Max(item => (int?)item.Height) ?? 1, 1 + items.Sum(item => item.Nodes), items.Sum(item => item.Bytes));
    }

    public IReadOnlyList<YamlValue> Items { get; }
}

/// <summary>Keys, each there once by Python's equality, and their values.</summary>
internal sealed class YamlMap : YamlValue
{
    private readonly Dictionary<string, YamlValue> _byName;

    public YamlMap(IReadOnlyList<(YamlScalar Key, YamlValue Value)> entries)
    {
        Entries = entries;
        _byName = entries.Where(entry => entry.Key.Value is string).ToDictionary(entry => (string)entry.Key.Value!, entry => entry.Value, StringComparer.Ordinal);
        Height = 1 + (entries.Max(entry => (int?)entry.Value.Height) ?? 0);
        Nodes = 1 + entries.Sum(entry => entry.Key.Nodes + entry.Value.Nodes);
        Bytes = entries.Sum(entry => entry.Key.Bytes + entry.Value.Bytes);
    }

    public IReadOnlyList<(YamlScalar Key, YamlValue Value)> Entries { get; }

    /// <summary>The value of a key that is this string; null when there is none.</summary>
    public YamlValue? this[string key] => _byName.GetValueOrDefault(key);
}
