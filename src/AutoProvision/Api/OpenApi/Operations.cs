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
        ["403"] = "Not from this web page.",
        ["404"] = "There is no such VM, or it was deleted a while ago.",
        ["409"] = "Not in this state: the name is taken, or the VM is not reachable.",
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
        ["Last-Event-ID"] = ("The last event id that was seen; without it the stream begins with the VM's first event.", "12", null),
        ["cols"] = ("Columns of the terminal, 1 to 1000; 80 where left out.", "120", null),
        ["rows"] = ("Rows of the terminal, 1 to 1000; 24 where left out.", "40", null),
        ["term"] = ("The terminal's type, as `TERM` has it; xterm-256color where left out.", "xterm-256color", null),
        ["Idempotency-Key"] = ("A key of the client's choice, new for each VM: 1 to 255 characters of printable ASCII without commas.", "8e03978e-40d5-43dd-bc93-6894a57f9324", null),
    };

    private static void Describe(OpenApiParameter parameter)
    {
        var (words, example, format) = Parameters[parameter.Name!];
        parameter.Description ??= words;
        parameter.Example ??= example;
        parameter.Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = format };
    }

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
            stream.Example = JsonNode.Parse(operation.OperationId == "execInVm" ? OperationExamples.ExecOutput : OperationExamples.Event);
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
