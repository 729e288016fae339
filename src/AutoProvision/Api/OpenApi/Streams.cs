using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace AutoProvision.Api.OpenApi;

/// <summary>
/// Says of every event stream that its body is bytes without an end, which generated clients hand out as a stream, and keeps the
/// schema of one event's <c>data</c> in <c>x-oai-itemSchema</c>. The shape is that of <c>itemSchema</c> for <c>text/event-stream</c>
/// in OpenAPI 3.2; the extension is the name which the OpenAPI Initiative's registry gives it in older documents.
/// </summary>
internal static class Streams
{
    public const string Media = "text/event-stream";
    public const string ItemSchema = "x-oai-itemSchema";

    /// <summary>Comes after all that describes operations: they say <c>.Produces&lt;T&gt;(200, "text/event-stream")</c> with T the type of <c>data</c>.</summary>
    public static async Task ApplyAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellation)
    {
        foreach (var operation in document.Paths.Values.SelectMany(path => path.Operations?.Values.AsEnumerable() ?? []))
            foreach (var response in operation.Responses?.Values.AsEnumerable() ?? [])
                if (response.Content is { } content && content.TryGetValue(Media, out var stream) && stream.Schema is { } data)
                    await DescribeAsync(stream, data, cancellation);
    }

    private static async Task DescribeAsync(OpenApiMediaType stream, IOpenApiSchema data, CancellationToken cancellation)
    {
        stream.AddExtension(ItemSchema, new JsonNodeExtension(new JsonObject
        {
            ["type"] = "object",
            ["required"] = new JsonArray("data"),
            ["properties"] = new JsonObject
            {
                ["id"] = Text("What to send back as Last-Event-ID, where the stream can be resumed."),
                ["event"] = Text("The event's type."),
                ["data"] = new JsonObject
                {
                    ["type"] = "string",
                    ["contentMediaType"] = "application/json",
                    ["contentSchema"] = JsonNode.Parse(await data.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1, cancellation)),
                },
            },
        }));
        stream.Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary", Description = "Server-Sent Events, UTF-8." };
        if (stream.Example is JsonObject example)
            stream.Example = JsonValue.Create(Frame(example));
    }

    // As it comes over the wire.
    private static string Frame(JsonObject data)
    {
        var id = data["seq"] is { } seq ? $"id: {seq}\n" : "";
        var name = data["type"] is { } type ? $"event: {type}\n" : "";
        return $"{id}{name}data: {data.ToJsonString()}\n\n";
    }

    private static JsonObject Text(string description) => new() { ["type"] = "string", ["description"] = description };
}
