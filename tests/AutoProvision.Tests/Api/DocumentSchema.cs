using System.Text.Json;
using AutoProvision.Api.OpenApi;
using AutoProvision.Fakes;

namespace AutoProvision.Api;

/// <summary>Holds answers against the schemas that the OpenAPI document gives for them: no member too many, no required one missing.</summary>
internal sealed class DocumentSchema(JsonElement document)
{
    private const string Reference = "#/components/schemas/";

    /// <summary>Checks the answer of one operation, members of members included.</summary>
    public void Check(JsonElement answer, string operation, string status, string media = "application/json")
    {
        var (method, path) = operation.Split(' ') is [var first, var second] ? (first.ToLowerInvariant(), second) : throw new ArgumentException(operation);
        var content = document.GetProperty("paths").GetProperty(path).GetProperty(method).GetProperty("responses")
            .GetProperty(status).GetProperty("content").GetProperty(media);
        Check(answer, SchemaOf(content), operation);
    }

    /// <summary>The schema of one media type's content; of a stream, that of one event's data.</summary>
    public static JsonElement SchemaOf(JsonElement content) => content.TryGetProperty(Streams.ItemSchema, out var item)
        ? item.GetProperty("properties").GetProperty("data").GetProperty("contentSchema")
        : content.GetProperty("schema");

    /// <summary>Checks a value against any schema of the document.</summary>
    public void Check(JsonElement value, JsonElement schema, string where)
    {
        schema = Resolve(schema);
        if (value.ValueKind == JsonValueKind.Array)
            foreach (var item in value.EnumerateArray())
                Check(item, schema.GetProperty("items"), $"{where}[]");
        if (schema.TryGetProperty("enum", out var words))
            Assert.Contains(value.ToString(), words.EnumerateArray().Select(word => word.ToString()));
        if (value.ValueKind != JsonValueKind.Object)
            return;
        foreach (var member in value.EnumerateObject())
        {
            // Labels and the like have names of the caller's choice.
            var isKnown = (schema.TryGetProperty("properties", out var known) && known.TryGetProperty(member.Name, out var its)) || schema.TryGetProperty("additionalProperties", out its);
            Assert.True(isKnown, $"{where}: {member.Name} is not in the schema.");
            Check(member.Value, its, $"{where}/{member.Name}");
        }
        var required = schema.TryGetProperty("required", out var names) ? names.EnumerateArray().Select(name => name.GetString()!) : [];
        Assert.All(required, name => Assert.True(value.TryGetProperty(name, out _), $"{where}: {name} is required and missing."));
    }

    /// <summary>What a reference stands for, or the one choice that is not null.</summary>
    public JsonElement Resolve(JsonElement schema)
    {
        if (schema.TryGetProperty("oneOf", out var choices))
            return Resolve(choices.EnumerateArray().Single(choice => !choice.TryGetProperty("type", out var type) || type.ToString() != "null"));
        return schema.TryGetProperty("$ref", out _)
            ? Resolve(document.GetProperty("components").GetProperty("schemas").GetProperty(schema.Text("$ref")[Reference.Length..]))
            : schema;
    }
}
