using System.Globalization;
using System.Text.Json.Nodes;
using AutoProvision.Vms;
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
        ["410"] = "Events after this id were forgotten together with their VMs: going on would leave a gap.",
        ["413"] = "The body is larger than 4 MiB.",
        ["415"] = "The body is not declared as JSON.",
        ["422"] = "The `Idempotency-Key` stands for another request.",
        ["429"] = "The queue is full; `Retry-After` says when to try again.",
        ["500"] = "The service or its host could not do it; what nobody foresaw is `internal_error`.",
        ["502"] = "The VM did not answer over SSH, or not as itself.",
        ["503"] = "libvirt or one of its tools does not answer.",
        ["507"] = "A disk of the host is full.",
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

    // By the parameter's name: what it is, an example, and its format.
    private static readonly Dictionary<string, (string Words, string Example, string? Format)> Parameters = new()
    {
        ["id"] = ("The VM's id, as `POST /vms` gave it; it is the libvirt domain's UUID too.", "0199c1a2-7d3e-7b1a-9f53-0c2d6a1e8b47", "uuid"),
        ["Last-Event-ID"] = ("The last event id that was seen. Without it a VM's own stream begins with its first event, that of all VMs with the present.", "12", null),
        ["from"] = ("Where to begin without `Last-Event-ID`: `now`, the default, or `oldest` for everything that is kept.", "oldest", null),
        ["vm"] = ("Only events of this VM; can be given several times.", "0199c1a2-7d3e-7b1a-9f53-0c2d6a1e8b47", null),
        ["type"] = ("Only events of this type; can be given several times.", "state", null),
        ["Idempotency-Key"] = ("A key of the client's choice, new for each VM: 1 to 255 characters of printable ASCII without commas.", "8e03978e-40d5-43dd-bc93-6894a57f9324", null),
    };

    private static void Describe(OpenApiParameter parameter)
    {
        var (words, example, format) = Parameters[parameter.Name!];
        parameter.Description ??= words;
        var schema = Schema(parameter.Name!, format);
        parameter.Example ??= schema.Items is null ? example : new JsonArray(example);
        parameter.Schema = schema;
    }

    // The names that a closed set has; a parameter that can be given several times is a list.
    private static OpenApiSchema Schema(string name, string? format) => name switch
    {
        "vm" => List(new OpenApiSchema { Type = JsonSchemaType.String, Format = "uuid" }),
        "type" => List(OneOf(VmEventTypes.All)),
        "from" => OneOf(["now", "oldest"]),
        _ => new OpenApiSchema { Type = JsonSchemaType.String, Format = format },
    };

    private static OpenApiSchema List(OpenApiSchema items) => new() { Type = JsonSchemaType.Array, Items = items };

    private static OpenApiSchema OneOf(IEnumerable<string> names) => new() { Type = JsonSchemaType.String, Enum = [.. names.Select(name => (JsonNode)name)] };

    // What each operation answers when all is well.
    private static void Answer(OpenApiOperation operation)
    {
        foreach (var (status, words) in OperationExamples.Answers.GetValueOrDefault(operation.OperationId ?? "", []))
            if (operation.Responses![status.ToString(CultureInfo.InvariantCulture)] is OpenApiResponse response)
                response.Description = words;
        if (operation.OperationId == "createVm" && operation.Responses!["202"] is OpenApiResponse accepted)
            accepted.Headers = Headers(("Location", "Path of the VM."), ("Idempotent-Replayed", "`true` where the VM was made for the same key before."));
        if (operation.OperationId == "createVm")
            foreach (var status in (string[])["429", "503"])
                ((OpenApiResponse)operation.Responses![status]).Headers = Headers(("Retry-After", "Seconds."));
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

    private static Dictionary<string, IOpenApiHeader> Headers(params (string Name, string Words)[] headers) => headers.ToDictionary(
        header => header.Name,
        IOpenApiHeader (header) => new OpenApiHeader { Description = header.Words, Schema = new OpenApiSchema { Type = JsonSchemaType.String } });
}
