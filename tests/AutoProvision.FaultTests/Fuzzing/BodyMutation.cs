using System.Text.Json.Nodes;

namespace AutoProvision.FaultTests.Fuzzing;

/// <summary>Changes one thing in a valid body.</summary>
internal static class BodyMutation
{
    private static readonly Action<BodyDraft, BodyDraft.Place, Random>[] All =
    [
        (draft, place, random) => draft.SetRaw(place, BadJson.Others[random.Next(BadJson.Others.Length)]),
        (draft, place, random) => draft.SetRaw(place, BadJson.Numbers[random.Next(BadJson.Numbers.Length)]),
        (draft, place, random) => draft.SetRaw(place, BadJson.Strings[random.Next(BadJson.Strings.Length)]),
        (draft, place, random) => draft.SetRaw(place, BadJson.Long[random.Next(BadJson.Long.Length)]),
        (draft, place, _) => draft.Set(place, null),
        (draft, place, _) => draft.Remove(place),
        (draft, place, random) => draft.SetRaw(place, WithOneMore(draft.Get(place), random)),
        (draft, place, _) => draft.SetRaw(place, WithItselfTwice(draft.Get(place))),
    ];

    public static string Apply(JsonNode body, Random random)
    {
        var draft = new BodyDraft(body);
        var places = draft.Places;
        All[random.Next(All.Length)](draft, places[random.Next(places.Count)], random);
        return draft.ToBytes();
    }

    // An object with a member whose name is any string.
    private static string WithOneMore(JsonNode? value, Random random)
    {
        var extra = $"{BadJson.Strings[random.Next(BadJson.Strings.Length)]}:1";
        return value is JsonObject { Count: > 0 } ? $"{value.ToJsonString()[..^1]},{extra}}}" : $"{{{extra}}}";
    }

    private static string WithItselfTwice(JsonNode? value) => value switch
    {
        JsonObject { Count: > 0 } => $"{value.ToJsonString()[..^1]},{value.ToJsonString()[1..]}",
        JsonArray { Count: > 0 } => $"{value.ToJsonString()[..^1]},{value.ToJsonString()[1..]}",
        _ => $"{{\"a\":1,\"a\":{value?.ToJsonString() ?? "null"}}}",
    };
}
