using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace AutoProvision.Api.OpenApi;

/// <summary>Says of every operation what is the same everywhere, and puts the examples in.</summary>
internal static class Operations
{
    private const string Problem = "application/problem+json";

    private static readonly Dictionary<string, string> Refusals = new()
    {
        ["400"] = "The request is wrong: `errors` lists every fault.",
        ["404"] = "There is no such VM, or it was deleted a while ago.",
        ["409"] = "Not in this state: the name is taken, or the VM is not reachable.",
        ["413"] = "The body is larger than 4 MiB.",
        ["415"] = "The body is not declared as JSON.",
        ["429"] = "The queue is full; `Retry-After` says when to try again.",
        ["500"] = "The service or its host could not do it; what nobody foresaw is `internal_error`.",
        ["502"] = "The VM did not answer over SSH, or not as itself.",
        ["503"] = "libvirt or one of its tools does not answer.",
    };

    public static Task Apply(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
            Describe(parameter);
        foreach (var (status, response) in operation.Responses ?? [])
            if (Refusals.TryGetValue(status, out var words) && response.Content?.ContainsKey(Problem) == true)
                response.Description = words;
        Answer(operation);
        Body(operation);
        return Task.CompletedTask;
    }

    private static void Describe(OpenApiParameter parameter)
    {
        var isId = parameter.In == ParameterLocation.Path;
        parameter.Description ??= isId
            ? "The VM's id, as `POST /vms` gave it; it is the libvirt domain's UUID too."
            : "The last event id that was seen; without it the stream begins with the VM's first event.";
        parameter.Example ??= isId ? "0199c1a2-7d3e-7b1a-9f53-0c2d6a1e8b47" : "12";
        parameter.Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = isId ? "uuid" : null };
    }

    // What each operation answers when all is well.
    private static void Answer(OpenApiOperation operation)
    {
        foreach (var (status, words) in OperationExamples.Answers.GetValueOrDefault(operation.OperationId ?? "", []))
            if (operation.Responses![status.ToString(CultureInfo.InvariantCulture)] is OpenApiResponse response)
                response.Description = words;
        if (operation.OperationId == "createVm" && operation.Responses!["202"] is OpenApiResponse accepted)
            accepted.Headers = Header("Location", "Path of the new VM.");
        if (operation.Responses!.GetValueOrDefault("429") is OpenApiResponse full)
            full.Headers = Header("Retry-After", "Seconds.");
        if (Media(operation.Responses!.GetValueOrDefault("400")?.Content, Problem) is { } refusal)
            refusal.Example = JsonNode.Parse(OperationExamples.Refusal(operation.OperationId));
        if (Media(operation.Responses!.GetValueOrDefault("200")?.Content, "text/event-stream") is { } stream)
            stream.Example = JsonNode.Parse(OperationExamples.Event);
    }

    private static void Body(OpenApiOperation operation)
    {
        if (Media(operation.RequestBody?.Content, "application/json") is { } body)
            body.Examples = OperationExamples.Bodies.GetValueOrDefault(operation.OperationId ?? "", []).ToDictionary(
                example => example.Name,
                IOpenApiExample (example) => new OpenApiExample { Summary = example.Summary, Value = JsonNode.Parse(example.Json) });
    }

    private static OpenApiMediaType? Media(IDictionary<string, OpenApiMediaType>? content, string type) =>
        content is not null && content.TryGetValue(type, out var media) ? media : null;

    private static Dictionary<string, IOpenApiHeader> Header(string name, string words) => new()
    {
        [name] = new OpenApiHeader { Description = words, Schema = new OpenApiSchema { Type = JsonSchemaType.String } },
    };
}
