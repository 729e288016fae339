using System.Text.Json;
using AutoProvision.Api.OpenApi;
using AutoProvision.Fakes;
using static AutoProvision.Api.DocumentOperations;

namespace AutoProvision.Api;

/// <summary>What every operation of the document must say of itself; a route that is added is held to it as well.</summary>
public sealed class OpenApiRuleTests
{
    private const int Limit = 30_000;
    private const string Json = "application/json";
    private const string Problem = "application/problem+json";

    [Fact(Timeout = Limit)]
    public async Task Every_operation_tells_what_it_is_in_words()
    {
        var document = await ReadAsync();
        var tags = document.GetProperty("tags").EnumerateArray().Select(tag => tag.Text("name")).ToArray();

        Check(document, (operation, report) =>
        {
            foreach (var member in (string[])["operationId", "summary", "description"])
                report(Says(operation, member), $"has no {member}");
            report(operation.TryGetProperty("operationId", out var id) && char.IsAsciiLetterLower(id.GetString()![0]), "has an operationId that is no camelCase");
            report(Items(operation, "tags") is [_, ..] own && own.All(tag => tags.Contains(tag.GetString())), "has no tag, or one that DocumentInfo does not describe");
        });
    }

    [Fact(Timeout = Limit)]
    public async Task Every_parameter_has_a_description_an_example_and_a_type() => Check(await ReadAsync(), (operation, report) =>
    {
        foreach (var parameter in Items(operation, "parameters"))
        {
            report(Says(parameter, "description"), $"has the parameter {parameter.Text("name")} without a description");
            report(HasExample(parameter), $"has the parameter {parameter.Text("name")} without an example");
            report(parameter.GetProperty("schema").EnumerateObject().Any(member => member.Name is "type" or "$ref"), $"has the parameter {parameter.Text("name")} without a type");
        }
    });

    [Fact(Timeout = Limit)]
    public async Task Every_body_has_an_example() => Check(await ReadAsync(), (operation, report) =>
    {
        if (operation.TryGetProperty("requestBody", out var body))
            foreach (var content in body.GetProperty("content").EnumerateObject())
                report(HasExample(content.Value), $"takes {content.Name} without an example");
    });

    [Fact(Timeout = Limit)]
    public async Task Every_answer_has_a_description_and_an_example() => Check(await ReadAsync(), (operation, report) =>
    {
        foreach (var answer in operation.GetProperty("responses").EnumerateObject())
        {
            report(Says(answer.Value, "description"), $"answers {answer.Name} without a description");
            foreach (var content in Content(answer.Value).Where(content => content.Name is Json or Problem or Streams.Media))
                report(HasExample(content.Value), $"answers {answer.Name} as {content.Name} without an example");
        }
    });

    [Fact(Timeout = Limit)]
    public async Task Every_refusal_is_a_problem_document() => Check(await ReadAsync(), (operation, report) =>
    {
        foreach (var refusal in operation.GetProperty("responses").EnumerateObject().Where(answer => answer.Name[0] is '4' or '5'))
            // The readiness probe says in its own words what is missing.
            report((operation.Text("operationId"), refusal.Name) is ("isReady", "503") || Content(refusal.Value).Any(content => content.Name == Problem), $"answers {refusal.Name} without a problem document");
    });

    [Fact(Timeout = Limit)]
    public async Task What_every_request_with_a_body_or_from_a_strange_page_is_refused_with_is_said_everywhere()
    {
        foreach (var (name, operation) in Operations(await ReadAsync()))
        {
            var answers = operation.GetProperty("responses").EnumerateObject().Select(answer => answer.Name).ToArray();
            Assert.True(!answers.Contains("415") || (answers.Contains("413") && answers.Contains("408")), $"{name} takes JSON and does not say that a body can be too large, or come too slowly.");
            Assert.True(name.StartsWith("GET ", StringComparison.Ordinal) || answers.Contains("403"), $"{name} does not say that a strange page may not do it.");
        }
    }

    [Fact(Timeout = Limit)]
    public async Task Every_example_is_as_its_schema_says()
    {
        var document = await ReadAsync();
        var schemas = new DocumentSchema(document);

        foreach (var (name, operation) in Operations(document))
        {
            var bodies = operation.TryGetProperty("requestBody", out var body) ? [body] : Array.Empty<JsonElement>();
            foreach (var content in bodies.Concat(operation.GetProperty("responses").EnumerateObject().Select(answer => answer.Value)).SelectMany(Content))
                foreach (var example in Examples(content.Value).Where(_ => content.Name is Json or Problem))
                    schemas.Check(example, DocumentSchema.SchemaOf(content.Value), name);
        }
    }

    [Fact(Timeout = Limit)]
    public async Task An_event_stream_is_bytes_whose_events_have_a_schema() => Check(await ReadAsync(), (operation, report) =>
    {
        foreach (var stream in operation.GetProperty("responses").EnumerateObject().SelectMany(answer => Content(answer.Value)).Where(content => content.Name == Streams.Media))
        {
            report(stream.Value.GetProperty("schema").Text("format") == "binary", "has a stream that a generated client would read as one value");
            report(stream.Value.TryGetProperty(Streams.ItemSchema, out _), "has a stream without a schema of its events");
            report(stream.Value.TryGetProperty("example", out var example) && example.GetString()!.Contains("data: ", StringComparison.Ordinal), "has a stream without an example as it comes over the wire");
        }
    });

    [Fact(Timeout = Limit)]
    public async Task What_is_one_of_a_few_words_lists_them()
    {
        var document = await ReadAsync();
        var schemas = document.GetProperty("components").GetProperty("schemas");
        var resolver = new DocumentSchema(document);

        Assert.Equal(Enum.GetValues<Vms.VmState>().Select(state => state.ToString().ToLowerInvariant()), Words(schemas.GetProperty("VmState")));
        Assert.Equal(["running", "paused", "pausedByDisk", "stopped"], Words(schemas.GetProperty("DomainPower")));
        Assert.Contains("step.undone", Words(schemas.GetProperty("VmEventType")));
        Assert.Equal(["ok", "unready"], Words(Member("HealthAnswer", "status")));
        Assert.Equal(["kvm", "emulation"], Words(Member("AcceleratorReport", "kind")));
        Assert.Equal(["file", "url", "build"], Words(Member("ImageStatus", "source")));

        JsonElement Member(string schema, string name) => resolver.Resolve(schemas.GetProperty(schema).GetProperty("properties").GetProperty(name));
        static IEnumerable<string?> Words(JsonElement schema) => schema.GetProperty("enum").EnumerateArray().Select(word => word.GetString());
    }

    [Fact(Timeout = Limit)]
    public async Task What_is_sent_may_leave_everything_out_and_a_patch_may_remove_single_labels()
    {
        var document = await ReadAsync();
        var schemas = new DocumentSchema(document);
        var bodies = Operations(document).Where(entry => entry.Operation.TryGetProperty("requestBody", out _))
            .Select(entry => (entry.Name, Content: Content(entry.Operation.GetProperty("requestBody")))).SelectMany(entry => entry.Content.Where(content => content.Name == Json).Select(content => (entry.Name, content.Value)));

        Assert.All(bodies, body => Assert.False(schemas.Resolve(DocumentSchema.SchemaOf(body.Value)).TryGetProperty("required", out _), $"{body.Name} requires something."));
        var labels = document.GetProperty("components").GetProperty("schemas").GetProperty("VmPatch").GetProperty("properties").GetProperty("labels");
        Assert.Equal(["null", "string"], labels.GetProperty("additionalProperties").GetProperty("type").EnumerateArray().Select(type => type.GetString()).Order(StringComparer.Ordinal));
    }

    private static bool Says(JsonElement element, string member) => element.TryGetProperty(member, out var words) && !string.IsNullOrWhiteSpace(words.GetString());

    private static bool HasExample(JsonElement element) => Examples(element).Any();

    private static IEnumerable<JsonElement> Examples(JsonElement element)
    {
        if (element.TryGetProperty("example", out var example))
            yield return example;
        if (element.TryGetProperty("examples", out var examples))
            foreach (var named in examples.EnumerateObject())
                yield return named.Value.GetProperty("value");
    }

    private static JsonProperty[] Content(JsonElement answer) =>
        answer.TryGetProperty("content", out var content) ? [.. content.EnumerateObject()] : [];
}
