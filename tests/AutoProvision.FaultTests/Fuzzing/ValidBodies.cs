using System.Text.Json;
using System.Text.Json.Nodes;
using AutoProvision.Fakes;

namespace AutoProvision.FaultTests.Fuzzing;

/// <summary>Bodies that follow an operation's schema: members of its examples where there are any, otherwise made up by their types.</summary>
internal sealed class ValidBodies(ApiDocument document)
{
    // What the document's examples cannot know of a host of fakes, where nothing may take long.
    private static readonly Dictionary<string, Func<Random, JsonNode?>> Own = new()
    {
        ["image"] = _ => "tiny",
        ["name"] = random => $"f{random.Next(100_000)}",
        ["timeoutSeconds"] = _ => 1,
        ["graceSeconds"] = random => random.Next(2),
        ["expiresIn"] = random => Any(random, "1s", "90s", "2h", "PT2H"),
        ["expiresAt"] = _ => "2031-01-31T12:00:00Z",
        ["shell"] = random => Any(random, "/bin/sh", "id -un; exit 42"),
        ["contentBase64"] = random => Convert.ToBase64String(new byte[random.Next(100_000)]),
        ["content"] = random => new string('x', random.Next(100_000)),
    };

    public JsonNode Make(ApiOperation operation, Random random) => random.Next(3) switch
    {
        0 when operation.Examples.Count > 0 => Fit(operation.Examples[random.Next(operation.Examples.Count)].DeepClone(), random),
        1 => new JsonObject(),
        _ => Sample(operation.BodySchema!.Value, "", random)!,
    };

    /// <summary>A value of a schema.</summary>
    public JsonNode? Sample(JsonElement schema, string name, Random random)
    {
        schema = document.Schemas.Resolve(schema);
        if (Own.TryGetValue(name, out var own))
            return own(random);
        if (schema.TryGetProperty("properties", out var members))
            return SampleObject(members, random);
        if (document.SamplesOf(name) is { Count: > 0 } samples && samples[random.Next(samples.Count)] is { } sample)
            return Fit(sample.DeepClone(), random);
        return ByType(schema, name, random);
    }

    private JsonObject SampleObject(JsonElement members, Random random)
    {
        var made = new JsonObject();
        var share = random.NextDouble();
        // Of the two ways to say one thing, one.
        foreach (var member in members.EnumerateObject().Where(member => !member.Name.EndsWith("Base64", StringComparison.Ordinal) && member.Name is not ("expiresAt" or "command")))
            if (random.NextDouble() < share)
                made[member.Name] = Sample(member.Value, member.Name, random);
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
                new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(_ => Sample(schema.GetProperty("items"), name, random))]),
            _ when types.Contains("object", StringComparison.Ordinal) => new JsonObject { [$"k{random.Next(9)}"] = "v" },
            _ => $"t{random.Next(1000)}",
        };
    }

    // An example with what is true of this host.
    private static JsonNode Fit(JsonNode node, Random random)
    {
        foreach (var name in (node as JsonObject ?? []).Select(member => member.Key).ToList())
            if (Own.TryGetValue(name, out var own) && node[name] is JsonValue)
                node[name] = own(random);
            else if (node[name] is { } inner)
                Fit(inner, random);
        foreach (var item in node as JsonArray ?? [])
            if (item is not null)
                Fit(item, random);
        return node;
    }

    private static string Any(Random random, params string[] texts) => texts[random.Next(texts.Length)];
}
