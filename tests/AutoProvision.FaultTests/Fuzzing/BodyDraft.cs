using System.Text.Json.Nodes;

namespace AutoProvision.FaultTests.Fuzzing;

/// <summary>A JSON body of which single values can be replaced by any bytes.</summary>
internal sealed class BodyDraft(JsonNode root)
{
    private readonly List<string> _raw = [];
    private JsonNode? _root = root;

    /// <summary>Every value in it, the whole included, by where it stands.</summary>
    public IReadOnlyList<Place> Places => [new Place(null, null, 0), .. Inside(_root)];

    public JsonNode? Get(Place place) => place switch
    {
        { Parent: JsonObject parent } => parent[place.Key!],
        { Parent: JsonArray parent } => parent[place.Index],
        _ => _root,
    };

    public void Set(Place place, JsonNode? value)
    {
        if (place.Parent is JsonObject parent)
            parent[place.Key!] = value;
        else if (place.Parent is JsonArray list)
            list[place.Index] = value;
        else
            _root = value;
    }

    public void Remove(Place place)
    {
        if (place.Parent is JsonObject parent)
            parent.Remove(place.Key!);
        else if (place.Parent is JsonArray list)
            list.RemoveAt(place.Index);
        else
            _root = new JsonObject();
    }

    /// <summary>Puts bytes that need not be JSON where a value is.</summary>
    public void SetRaw(Place place, string bytes)
    {
        Set(place, $"@raw{_raw.Count}@");
        _raw.Add(bytes);
    }

    /// <summary>The whole as bytes.</summary>
    public string ToBytes()
    {
        var text = _root?.ToJsonString() ?? "null";
        for (var index = 0; index < _raw.Count; index++)
            text = text.Replace($"\"@raw{index}@\"", _raw[index], StringComparison.Ordinal);
        return text;
    }

    private static IEnumerable<Place> Inside(JsonNode? node) => node switch
    {
        JsonObject parent => parent.SelectMany(member => Inside(member.Value).Prepend(new Place(parent, member.Key, 0))),
        JsonArray list => list.SelectMany((item, index) => Inside(item).Prepend(new Place(list, null, index))),
        _ => [],
    };

    internal sealed record Place(JsonNode? Parent, string? Key, int Index);
}
