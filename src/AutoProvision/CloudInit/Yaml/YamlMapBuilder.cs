using AutoProvision.Inputs;

namespace AutoProvision.CloudInit.Yaml;

/// <summary>Collects a mapping's entries and puts those of its merge keys in, as flatten_mapping in yaml/constructor.py does: the mapping's own entries win, then the first of the merged.</summary>
/// <param name="budget">What is merged counts again: it is a copy.</param>
internal sealed class YamlMapBuilder(InputBudget budget)
{
    private readonly List<(YamlScalar Key, YamlValue Value)> _own = [];
    private readonly HashSet<object> _keys = [];
    private readonly List<(YamlScalar Key, YamlValue Value)> _merged = [];

    /// <exception cref="YamlSyntaxException">The key is there already, or nothing can be merged.</exception>
    public void Add(YamlScalar key, YamlValue value)
    {
        if (key.IsMerge)
            Merge(key, value);
        else if (_keys.Add(key.Identity))
            _own.Add((key, value));
        else
            throw new YamlSyntaxException(key.Line, $"the key {(key.Text.Length > 80 ? key.Text[..80] + "..." : key.Text)} is there twice");
    }

    public YamlMap Build(int line)
    {
        if (_merged.Count == 0)
            return new YamlMap(_own) { Line = line };
        var places = new Dictionary<object, int>();
        var entries = new List<(YamlScalar Key, YamlValue Value)>();
        foreach (var (key, value) in _merged.Concat(_own))
            if (places.TryAdd(key.Identity, entries.Count))
                entries.Add((key, value));
            else
                entries[places[key.Identity]] = (entries[places[key.Identity]].Key, value);
        return new YamlMap(entries) { Line = line };
    }

    private void Merge(YamlScalar key, YamlValue value)
    {
        IEnumerable<YamlValue> sources = value is YamlList list ? list.Items.Reverse() : [value];
        foreach (var source in sources)
        {
            var entries = source is YamlMap map ? map.Entries : throw new YamlSyntaxException(key.Line, "\"<<\" merges a mapping or a list of mappings, and nothing else");
            budget.Spend(entries.Count, 0, key.Line);
            _merged.AddRange(entries);
        }
    }
}
