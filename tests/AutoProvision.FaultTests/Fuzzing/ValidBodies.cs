using System.Text.Json;
using System.Text.Json.Nodes;

namespace AutoProvision.FaultTests.Fuzzing;

/// <summary>Bodies that follow an operation's schema: members of its examples where there are any, otherwise made up by their types.</summary>
internal sealed class ValidBodies(ApiDocument document)
{
    // What the document's examples cannot know of a host of fakes, where nothing may take long.
    private static readonly Dictionary<string, Func<Random, JsonNode?>> Own = new()
    {
        ["network/name"] = _ => "default",
        ["nics/name"] = _ => "default",
        ["network/address"] = random => $"192.0.2.{random.Next(150, 250)}",
        ["image"] = _ => "tiny",
        ["name"] = random => $"f{random.Next(100_000)}",
        ["timeoutSeconds"] = _ => 1,
        ["graceSeconds"] = random => random.Next(2),
        ["expiresIn"] = random => Any(random, "1s", "90s", "2h", "PT2H"),
        ["expiresAt"] = _ => "2031-01-31T12:00:00Z",
        ["shell"] = _ => "/bin/sh",
        ["user"] = _ => "ops",
        ["contentBase64"] = random => Convert.ToBase64String(new byte[random.Next(100_000)]),
        ["content"] = random => new string('x', random.Next(100_000)),
    };

    public JsonNode Make(ApiOperation operation, Random random) => random.Next(6) switch
    {
        0 => new JsonObject(),
        < 3 when operation.Examples.Count > 0 => Fit(operation.Examples[random.Next(operation.Examples.Count)].DeepClone(), "", random),
        _ => Sample(operation.BodySchema!.Value, "", "", random)!,
    };

    private static Func<Random, JsonNode?>? OwnOf(string parent, string name) => Own.GetValueOrDefault($"{parent}/{name}") ?? Own.GetValueOrDefault(name);

    // A value of a schema, for the member of this name in one of that name.
    private JsonNode? Sample(JsonElement schema, string parent, string name, Random random)
    {
        schema = document.Schemas.Resolve(schema);
        if (OwnOf(parent, name) is { } own)
            return own(random);
        if (schema.TryGetProperty("properties", out var members))
            return SampleObject(members, name, random);
        if (document.SamplesOf(name) is { Count: > 0 } samples && samples[random.Next(samples.Count)] is { } sample)
            return Fit(sample.DeepClone(), name, random);
        return ByType(schema, name, random);
    }

    private JsonObject SampleObject(JsonElement members, string parent, Random random)
    {
        var made = new JsonObject();
        var share = random.NextDouble();
        // Of the two ways to say one thing, one.
        foreach (var member in members.EnumerateObject().Where(member => !member.Name.EndsWith("Base64", StringComparison.Ordinal) && member.Name is not ("expiresAt" or "command")))
            if (random.NextDouble() < share)
                made[member.Name] = Sample(member.Value, parent, member.Name, random);
        return made;
    }

    private JsonNode? ByType(JsonElement schema, string name, Random random)
    {
        if (schema.TryGetProperty("enum", out var words))
            return words[random.Next(words.GetArrayLength())].GetString();
        var types = schema.TryGetProperty("type", out var type) ? type.GetRawText() : "string";
        return true switch
        {
            _ when types.Contains("integer", StringComparison.Ordinal) || types.Contains("number", StringComparison.Ordinal) => random.Next(1, 20),
            _ when types.Contains("boolean", StringComparison.Ordinal) => random.Next(2) == 0,
            _ when types.Contains("array", StringComparison.Ordinal) =>
                new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(_ => Sample(schema.GetProperty("items"), name, name, random))]),
            _ when types.Contains("object", StringComparison.Ordinal) => new JsonObject { [$"k{random.Next(9)}"] = "v" },
            _ => $"t{random.Next(1000)}",
        };
    }

    // An example with what is true of this host.
    private static JsonNode Fit(JsonNode node, string parent, Random random)
    {
        foreach (var name in (node as JsonObject ?? []).Select(member => member.Key).ToList())
            if (OwnOf(parent, name) is { } own && node[name] is JsonValue)
                node[name] = own(random);
            else if (node[name] is { } inner)
                Fit(inner, name, random);
        foreach (var item in node as JsonArray ?? [])
            if (item is not null)
                Fit(item, parent, random);
        return node;
    }

    private static string Any(Random random, params string[] texts) => texts[random.Next(texts.Length)];
}
