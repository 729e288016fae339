using System.Net;
using System.Text.Json;
using AutoProvision.Fakes;
using Microsoft.AspNetCore.Routing;

namespace AutoProvision.Api;

public sealed class OpenApiTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task The_document_has_every_route_with_a_name_and_a_summary()
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var http = app.CreateClient();

        var operations = Operations(await http.GetJsonAsync("/openapi/v1.json"));

        Assert.Equal(Routes(app), operations.Keys.Order(StringComparer.Ordinal));
        Assert.All(operations.Values, operation => Assert.All([operation.Text("operationId"), operation.Text("summary")], Assert.NotEmpty));
        Assert.Equal(operations.Count, operations.Values.Select(operation => operation.Text("operationId")).Distinct().Count());
    }

    [Theory(Timeout = Limit)]
    [InlineData("POST /vms", "202", "400", "403", "408", "409", "413", "415", "422", "429", "500", "503", "507")]
    [InlineData("DELETE /vms/{id}", "202", "204", "400", "403", "404", "500", "507")]
    [InlineData("POST /vms/{id}/exec", "200", "400", "403", "404", "408", "409", "413", "415", "422", "429", "500", "502", "503")]
    [InlineData("GET /vms/{id}/terminal", "101", "400", "403", "404", "409", "429", "500", "502", "503")]
    [InlineData("GET /vms/{id}/events", "200", "204", "400", "404", "410", "500")]
    [InlineData("GET /events", "200", "400", "404", "410", "500")]
    [InlineData("GET /webhooks", "200", "400", "500")]
    [InlineData("GET /readyz", "200", "500", "503")]
    [InlineData("GET /metrics", "200", "500")]
    public async Task The_document_has_every_answer(string operation, params string[] answers)
    {
        var operations = Operations(await DocumentOperations.ReadAsync());

        Assert.Equal(answers, operations[operation].GetProperty("responses").EnumerateObject().Select(answer => answer.Name).Order(StringComparer.Ordinal));
    }

    [Theory(Timeout = Limit)]
    [InlineData("POST /vms", "429", true)]
    [InlineData("POST /vms", "503", true)]
    [InlineData("POST /vms/{id}/start", "503", true)]
    [InlineData("GET /host/orphans", "503", true)]
    [InlineData("DELETE /host/orphans/{id}", "503", true)]
    [InlineData("POST /vms/{id}/exec", "503", false)]
    [InlineData("GET /vms/{id}/files", "503", false)]
    [InlineData("GET /readyz", "503", false)]
    public async Task A_refusal_that_passes_by_itself_has_Retry_After(string operation, string status, bool has)
    {
        var refusal = Operations(await DocumentOperations.ReadAsync())[operation].GetProperty("responses").GetProperty(status);

        Assert.Equal(has, refusal.TryGetProperty("headers", out var headers) && headers.TryGetProperty("Retry-After", out _));
    }

    [Fact(Timeout = Limit)]
    public async Task Event_types_are_a_closed_set_of_names_that_never_change()
    {
        string[] names = ["state", "step.started", "step.completed", "step.failed", "step.undone", "progress", "operation.started", "operation.completed", "operation.failed", "updated"];
        var document = await DocumentOperations.ReadAsync();

        var type = document.GetProperty("components").GetProperty("schemas").GetProperty("VmEventType");
        Assert.Equal(names, type.GetProperty("enum").EnumerateArray().Select(name => name.GetString()));
        var parameter = Operations(document)["GET /events"].GetProperty("parameters").EnumerateArray().Single(it => it.Text("name") == "type");
        Assert.Equal("#/components/schemas/VmEventType", parameter.GetProperty("schema").GetProperty("items").Text("$ref"));
        var webhook = document.GetProperty("webhooks").GetProperty("event").GetProperty("post");
        Assert.Equal("sendEvent", webhook.Text("operationId"));
        Assert.Equal(["webhook-id", "webhook-signature", "webhook-timestamp"], webhook.GetProperty("parameters").EnumerateArray().Select(it => it.Text("name")).Order(StringComparer.Ordinal));
    }

    [Fact(Timeout = Limit)]
    public async Task The_body_of_a_request_is_described()
    {
        var document = await DocumentOperations.ReadAsync();

        var schemas = document.GetProperty("components").GetProperty("schemas");
        Assert.Contains("memoryMiB", schemas.GetProperty("VmRequest").GetProperty("properties").EnumerateObject().Select(member => member.Name));
        Assert.True(Operations(document)["POST /vms"].GetProperty("requestBody").GetProperty("content").TryGetProperty("application/json", out _));
    }

    [Theory(Timeout = Limit)]
    [InlineData("/swagger")]
    [InlineData("/swagger/index.html")]
    public async Task Swagger_UI_is_there(string path)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        using var response = await http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.OK, "text/html"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
    }

    private static Dictionary<string, JsonElement> Operations(JsonElement document) => document.GetProperty("paths").EnumerateObject()
        .SelectMany(path => path.Value.EnumerateObject().Select(operation => (Key: $"{operation.Name.ToUpperInvariant()} {path.Name}", operation.Value)))
        .ToDictionary(entry => entry.Key, entry => entry.Value);

    private static IEnumerable<string> Routes(AutoProvisionApp app) => app.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .Where(route => route.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is null && !route.RoutePattern.RawText!.StartsWith("/openapi", StringComparison.Ordinal))
        .SelectMany(route => route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(method => $"{method} {route.RoutePattern.RawText!.TrimEnd('/')}"))
        .Order(StringComparer.Ordinal);
}
