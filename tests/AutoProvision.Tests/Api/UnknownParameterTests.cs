using System.Net;
using System.Text.Json;
using AutoProvision.Fakes;

namespace AutoProvision.Api;

/// <summary>Query parameters that a route does not have.</summary>
public sealed class UnknownParameterTests
{
    private const int Limit = 30_000;
    private static readonly string[] Probes = ["/healthz", "/readyz", "/metrics"];
    private const string Nobody = "/vms/0199d3a4-0000-7000-8000-000000000000";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limit)]
    public async Task All_of_them_are_named_at_once_with_those_there_are()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        using var refused = await http.GetAsync(new Uri("/vms?labl=x&Limit=5&lab%2Fel=1&=y&labl=z", UriKind.Relative), Cancellation);

        var problem = await refused.ReadProblemAsync(HttpStatusCode.BadRequest);
        Assert.Equal("invalid_request", problem.Text("code"));
        var faults = problem.GetProperty("errors").EnumerateArray().ToList();
        Assert.Equal(["/", "/labl", "/lab~1el"], faults.Select(fault => fault.Text("pointer")).Order(StringComparer.Ordinal));
        Assert.All(faults, fault => Assert.Equal(("parameter_unknown", "Known parameters: label, state, limit, cursor."), (fault.Text("code"), fault.Text("hint"))));
    }

    [Fact(Timeout = Limit)]
    public async Task Every_operation_of_the_document_takes_its_own_and_no_other()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var document = await DocumentOperations.ReadAsync();

        foreach (var (method, path, operation) in Operations(document).Where(it => !Probes.Contains(it.Path)))
        {
            var own = InQuery(operation).ToList();
            using var request = new HttpRequestMessage(new HttpMethod(method), $"{path}?{string.Concat(own.Select(name => $"{name}=1&"))}nonsense=1");
            using var response = await http.SendAsync(request, Cancellation);

            var fault = Assert.Single((await response.ReadProblemAsync(HttpStatusCode.BadRequest)).GetProperty("errors").EnumerateArray());
            Assert.Equal(("/nonsense", "parameter_unknown"), (fault.Text("pointer"), fault.Text("code")));
            Assert.Equal(own.Count == 0 ? "No query parameter is taken here." : $"Known parameters: {string.Join(", ", own)}.", fault.Text("hint"));
        }
    }

    [Theory(Timeout = Limit)]
    [InlineData("POST", "/vms?dryRun=true")]
    [InlineData("DELETE", $"{Nobody}?force=true")]
    public async Task Nothing_is_done(string method, string path)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new StringContent("{}", null, "application/json") };

        using var response = await http.SendAsync(request, Cancellation);

        Assert.Equal("invalid_request", (await response.ReadProblemAsync(HttpStatusCode.BadRequest)).Text("code"));
        Assert.Empty((await http.GetJsonAsync("/vms")).EnumerateArray());
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task A_terminal_is_refused_before_it_becomes_a_WebSocket()
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var http = app.CreateClient();
        var vm = await http.ReadyVmAsync();
        var client = app.Server.CreateWebSocketClient();

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => client.ConnectAsync(new Uri(app.Server.BaseAddress, $"{vm}/terminal?columns=80"), Cancellation));

        Assert.Contains("400", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(host.Guests.Terminals);
    }

    [Theory(Timeout = Limit)]
    [InlineData("/openapi/v1.json?x=1")]
    [InlineData("/swagger/index.html?urls.primaryName=v1")]
    [InlineData("/healthz?at=1795487538")]
    [InlineData("/readyz?at=1795487538")]
    [InlineData("/metrics?format=prometheus")]
    [InlineData("/vms?")]
    [InlineData("/vms?&")]
    public async Task Pages_and_probes_take_any_and_nothing_is_no_parameter(string path)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        using var response = await http.GetAsync(new Uri(path, UriKind.Relative), Cancellation);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static IEnumerable<(string Method, string Path, JsonElement Operation)> Operations(JsonElement document) =>
        from path in document.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        select (operation.Name.ToUpperInvariant(), path.Name.Replace("{id}", "x", StringComparison.Ordinal).Replace("{name}", "x", StringComparison.Ordinal), operation.Value);

    private static IEnumerable<string> InQuery(JsonElement operation) => operation.TryGetProperty("parameters", out var parameters)
        ? parameters.EnumerateArray().Where(parameter => parameter.Text("in") == "query").Select(parameter => parameter.Text("name"))
        : [];
}
