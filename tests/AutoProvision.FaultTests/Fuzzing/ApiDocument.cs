using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using AutoProvision.Api;
using AutoProvision.Fakes;

namespace AutoProvision.FaultTests.Fuzzing;

/// <summary>The OpenAPI document as a fuzzer reads it: every operation, and for each name of a member the values that it has in examples.</summary>
internal sealed class ApiDocument
{
    private readonly Dictionary<string, List<JsonNode?>> _samples = [];

    public ApiDocument(JsonElement document)
    {
        Schemas = new DocumentSchema(document);
        Operations = [.. DocumentOperations.Operations(document).Select(it => Read(it.Name, it.Operation))];
        foreach (var example in Operations.SelectMany(operation => operation.Examples))
            Collect(example);
    }

    public IReadOnlyList<ApiOperation> Operations { get; }

    public DocumentSchema Schemas { get; }

    /// <summary>Values that a member of this name has in the document's examples.</summary>
    public IReadOnlyList<JsonNode?> SamplesOf(string member) => _samples.GetValueOrDefault(member) ?? [];

    private static ApiOperation Read(string name, JsonElement operation)
    {
        var media = operation.TryGetProperty("requestBody", out var body) ? body.GetProperty("content").EnumerateObject().ToList() : [];
        return new ApiOperation(
            name,
            [.. DocumentOperations.Items(operation, "parameters").Select(ReadParameter)],
            [.. media.Select(it => it.Name)],
            media.Find(it => it.Name == "application/json") is { Value.ValueKind: JsonValueKind.Object } json ? json.Value.GetProperty("schema") : null,
            [.. media.Where(it => it.Name == "application/json" && it.Value.TryGetProperty("examples", out _))
                .SelectMany(it => it.Value.GetProperty("examples").EnumerateObject()).Select(it => JsonNode.Parse(it.Value.GetProperty("value").GetRawText())!)],
            operation.GetProperty("responses").EnumerateObject().ToDictionary(it => int.Parse(it.Name, CultureInfo.InvariantCulture), it => MediaTypes(it.Value)));
    }

    private static ApiParameter ReadParameter(JsonElement parameter) => new(
        parameter.Text("name"),
        parameter.Text("in"),
        parameter.TryGetProperty("required", out var required) && required.GetBoolean(),
        parameter.GetProperty("schema"),
        parameter.TryGetProperty("example", out var example) ? example : null);

    private static IReadOnlyList<string> MediaTypes(JsonElement answer) =>
        answer.TryGetProperty("content", out var content) ? [.. content.EnumerateObject().Select(it => it.Name)] : [];

    private void Collect(JsonNode? node)
    {
        foreach (var (name, value) in node as JsonObject ?? [])
        {
            if (!_samples.TryGetValue(name, out var known))
                _samples[name] = known = [];
            known.Add(value);
            Collect(value);
        }
        foreach (var item in node as JsonArray ?? [])
            Collect(item);
    }
}
