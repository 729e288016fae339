using System.Globalization;
using System.Text.Json.Nodes;
using AutoProvision.Vms;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace AutoProvision.Api.OpenApi;

/// <summary>Says of every operation what is the same everywhere, and puts the examples in.</summary>
internal static class Operations
{
    public const string Problem = "application/problem+json";

    private static readonly Dictionary<string, string> Refusals = new()
    {
        ["400"] = "The request is wrong: `errors` lists every fault.",
        ["403"] = "A web page of another host sent it.",
        ["404"] = "There is no such VM, or it was deleted a while ago.",
        ["408"] = "The body came too slowly, at less than 240 bytes a second.",
        ["409"] = "The VM is not reachable: it is neither ready nor degraded, or an operation has switched it off.",
        ["410"] = "Events after this id are no longer kept: going on would leave a gap.",
        ["412"] = "The VM is not as `If-Match` says.",
        ["413"] = "The body is larger than 4 MiB.",
        ["415"] = "The body is not declared as JSON or YAML.",
        ["422"] = "The `Idempotency-Key` stands for another request.",
        ["429"] = "The queue is full; `Retry-After` says when to try again.",
        ["500"] = "The service or its host could not do it; what nobody foresaw is `internal_error`.",
        ["502"] = "The VM did not answer over SSH, or not as itself.",
        ["503"] = "libvirt or one of its tools does not answer, or the host has no memory left; `Retry-After` says when to try again where that may help.",
        ["507"] = "A disk of the host is full.",
    };

    public static Task Apply(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        foreach (var header in RequestHeaders.Of(operation.OperationId, context.Description.ActionDescriptor.EndpointMetadata))
            (operation.Parameters ??= []).Add(new OpenApiParameter { Name = header, In = ParameterLocation.Header });
        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
            Describe(parameter, context.Document);
        foreach (var (status, response) in operation.Responses ?? [])
            if (Refusals.TryGetValue(status, out var words) && response.Content?.ContainsKey(Problem) == true)
                response.Description = words;
        if (OperationDescriptions.All.TryGetValue(operation.OperationId ?? "", out var description))
            operation.Description ??= description;
        Answer(operation);
        ResponseHeaders.Apply(operation);
        Show(operation);
        Body(operation);
        return Task.CompletedTask;
    }

    // By the parameter's name: what it is, an example, and its format.
    private static readonly Dictionary<string, (string Words, string Example, string? Format)> Parameters = new()
    {
        ["id"] = ("The VM's id, as `POST /vms` gave it; it is the libvirt domain's UUID too.", "0199c1a2-7d3e-7b1a-9f53-0c2d6a1e8b47", "uuid"),
        ["name"] = ("The snapshot's name.", "before-upgrade", null),
        ["Prefer"] = ("`wait=N` holds the answer until it is done, for N seconds and 10 minutes at most (RFC 7240).", "wait=60", null),
        ["label"] = ("`key=value`, or `key` for any value; several have to hold together.", "env=test", null),
        ["state"] = ("Only VMs in this state; several, or one list with commas, mean any of them. Without it all but deleted VMs.", "ready", null),
        ["limit"] = ("How many at most, 1 to 1000.", "100", null),
        ["cursor"] = ("Where the next page begins, as the `Link` header said.", "0199c1a27d3e7b1a9f530c2d6a1e8b47", null),
        ["wait"] = ("`ready`, `stopped` or `deleted`.", "ready", null),
        ["timeoutSeconds"] = ("How long to wait, 1 to 600; 60 when left out.", "60", null),
        ["path"] = ("An absolute path in the guest, without \".\" and \"..\".", "/home/debian/data.bin", null),
        ["mode"] = ("The file's mode, octal. Left out, a new file gets 0644 and one that is there keeps its own.", "0644", null),
        ["owner"] = ("`user` or `user:group`, each a name or a number of the guest. Left out, a file that is there keeps its own, and a new one belongs to whom its directory belongs (in a directory like /tmp: to the VM's user); of an archive each entry has its own.", "www-data:www-data", null),
        ["parents"] = ("`true` makes the directories that are missing.", "true", null),
        ["recursive"] = ("`true` deletes a directory with all that is in it.", "true", null),
        ["tail"] = ("How many of the last lines, 1 to 10000; left out, 200.", "50", null),
        ["raw"] = ("`true` gives the bytes as the guest wrote them, terminal control sequences included.", "true", null),
        ["Last-Event-ID"] = ("The last event id that was seen. Without it a VM's own stream begins with its first event, that of all VMs with the present.", "12", null),
        ["from"] = ("Where to begin without `Last-Event-ID`: `now`, the default, or `oldest` for everything that is kept.", "oldest", null),
        ["vm"] = ("Only events of this VM; can be given several times.", "0199c1a2-7d3e-7b1a-9f53-0c2d6a1e8b47", null),
        ["type"] = ("Only events of this type; can be given several times.", "state", null),
        ["cols"] = ("Columns of the terminal, 1 to 1000; 80 where left out.", "120", null),
        ["rows"] = ("Rows of the terminal, 1 to 1000; 24 where left out.", "40", null),
        ["term"] = ("The terminal's type, as `TERM` has it; xterm-256color where left out.", "xterm-256color", null),
        ["If-None-Match"] = ("The `ETag` of what the client has: where it is still the same, the answer is 304, without a body.", "\"12\"", null),
        ["If-Match"] = ("The VM's `ETag` as the client knows it: where it has another one by now, nothing is changed, and the answer is 412.", "\"12\"", null),
        ["Range"] = ("The part that is wanted. Only files have parts, and only where their length is known: not those of /proc.", "bytes=0-1023", null),
        ["If-Range"] = ("With `Range`: the `Last-Modified` of the parts that the client has. Where the file has changed since, the answer is the whole file.", "Sun, 22 Nov 2026 10:00:00 GMT", null),
        ["If-Modified-Since"] = ("Of a file: where it has not changed since, the answer is 304, without a body.", "Sun, 22 Nov 2026 10:00:00 GMT", null),
        ["If-Unmodified-Since"] = ("Of a file: where it has changed since, the answer is 412.", "Sun, 22 Nov 2026 10:00:00 GMT", null),
        ["Idempotency-Key"] = ("A key of the client's choice, new for each VM: 1 to 255 characters of printable ASCII without commas.", "8e03978e-40d5-43dd-bc93-6894a57f9324", null),
    };

    private static void Describe(OpenApiParameter parameter, OpenApiDocument? document)
    {
        // The rest is told by its route; the tests see that it is.
        if (!Parameters.TryGetValue(parameter.Name!, out var known))
            return;
        var (words, example, format) = known;
        parameter.Description ??= words;
        parameter.Schema = Schema(parameter.Name!, format, document);
        parameter.Example ??= parameter.Schema switch
        {
            { Items: not null } => new JsonArray(example),
            { Type: JsonSchemaType.Integer or JsonSchemaType.Boolean } => JsonNode.Parse(example),
            _ => example,
        };
        parameter.Required |= parameter.Name == "path";
    }

    // The names that a closed set has; a parameter that can be given several times is a list.
    private static OpenApiSchema Schema(string name, string? format, OpenApiDocument? document) => name switch
    {
        "vm" => List(new OpenApiSchema { Type = JsonSchemaType.String, Format = "uuid" }),
        "type" => List(new OpenApiSchemaReference(nameof(VmEventType), document)),
        "state" => List(new OpenApiSchemaReference(nameof(VmState), document)),
        "label" => List(new OpenApiSchema { Type = JsonSchemaType.String }),
        "from" => OneOf(["now", "oldest"]),
        "wait" => OneOf(["ready", "stopped", "deleted"]),
        "limit" or "cols" or "rows" => Whole(1000),
        "tail" => Whole(10_000),
        "timeoutSeconds" => Whole(600),
        "raw" or "parents" or "recursive" => new OpenApiSchema { Type = JsonSchemaType.Boolean },
        _ => new OpenApiSchema { Type = JsonSchemaType.String, Format = format },
    };

    private static OpenApiSchema List(IOpenApiSchema items) => new() { Type = JsonSchemaType.Array, Items = items };

    private static OpenApiSchema Whole(int most) => new() { Type = JsonSchemaType.Integer, Format = "int32", Minimum = "1", Maximum = most.ToString(CultureInfo.InvariantCulture) };

    private static OpenApiSchema OneOf(IEnumerable<string> names) => new() { Type = JsonSchemaType.String, Enum = [.. names.Select(name => (JsonNode)name)] };

    // What each operation answers when all is well.
    private static void Answer(OpenApiOperation operation)
    {
        foreach (var (status, words) in OperationExamples.Answers.GetValueOrDefault(operation.OperationId ?? "", []))
            if (operation.Responses![status.ToString(CultureInfo.InvariantCulture)] is OpenApiResponse response)
                response.Description = words;
        if (Media(operation.Responses!.GetValueOrDefault("400")?.Content, Problem) is { } refusal)
            refusal.Example = JsonNode.Parse(OperationExamples.Refusal(operation.OperationId));
        if (Media(operation.Responses!.GetValueOrDefault("200")?.Content, "text/event-stream") is { } stream)
            stream.Example = operation.OperationId switch
            {
                "readConsole" => JsonValue.Create(OperationExamples.ConsoleLine),
                _ => JsonNode.Parse(OperationExamples.Event),
            };
    }

    // An example of each answer that has none yet.
    private static void Show(OpenApiOperation operation)
    {
        var name = operation.OperationId ?? "";
        foreach (var (status, response) in operation.Responses ?? [])
        {
            if (Media(response.Content, Problem) is { Example: null } problem)
                problem.Example = ProblemExamples.Of(name, status);
            if (Media(response.Content, "application/json") is { Example: null } answer && AnswerExamples.All.TryGetValue((name, status), out var json))
                answer.Example = JsonNode.Parse(json);
        }
    }

    private static void Body(OpenApiOperation operation)
    {
        // Other names of YAML are taken, and one is enough to be told.
        foreach (var alias in BodyTypes.YamlAliases)
            operation.RequestBody?.Content?.Remove(alias);
        foreach (var bytes in operation.OperationId == "writeFile" ? operation.RequestBody!.Content!.Values : [])
            // In place, not by reference: NSwag would take the stream for an object and send it as JSON.
            (bytes.Example, bytes.Schema) = ("Welcome.\n", new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" });
        foreach (var body in new[] { BodyTypes.Json, BodyTypes.Yaml }.Select(type => Media(operation.RequestBody?.Content, type)).OfType<OpenApiMediaType>())
            body.Examples = OperationExamples.Bodies.GetValueOrDefault(operation.OperationId ?? "", []).ToDictionary(
                example => example.Name,
                IOpenApiExample (example) => new OpenApiExample { Summary = example.Summary, Value = JsonNode.Parse(example.Json) });
    }

    private static OpenApiMediaType? Media(IDictionary<string, OpenApiMediaType>? content, string type) =>
        content is not null && content.TryGetValue(type, out var media) ? media : null;
}
