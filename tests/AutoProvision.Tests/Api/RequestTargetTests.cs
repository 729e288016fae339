using System.Net;
using System.Text.Json;
using AutoProvision.Fakes;
using Microsoft.AspNetCore.Routing;

namespace AutoProvision.Api;

/// <summary>Request targets that a server could take for another route than they seem to be.</summary>
public sealed class RequestTargetTests
{
    /// <summary>Values of a part of the path that never reach a route.</summary>
    private static readonly string[] Hostile =
    [
        ".", "..", "%2e", "%2E%2e", ".%2E", "%2e.", "x/..", "x/%2e%2e", "..%2f", "%2F", "%2f..%2f..", "a%2Fb", "%5c", "%5C..", "..\\", "a\\b",
        "%00", "a%00b", "%0a", "%0D%0A", "%7f", "%C2%85", "%", "%2", "%zz", "%u002e", "a%", "%ff", "%C0%AE%C0%AE", "%c3", "%ED%A0%80", "/x", "x//", "#x",
    ];

    /// <summary>Strange, but nothing more than a name that nothing has.</summary>
    private static readonly string[] Harmless = ["...", "%252e%252e", "%252F", "..%20", "%C3%BC", "~", "a+b", "%E2%80%A6", "%EF%BC%8F", ".x", "x.."];

    [Theory]
    [InlineData("*")]
    [InlineData("/")]
    [InlineData("/vms")]
    [InlineData("/vms/")]
    [InlineData("/vms/a.b..c?path=/../%2e%2e//%00#")]
    [InlineData("http://host")]
    [InlineData("HTTPS://host:1/vms?x=//")]
    public void Others_are_left_to_routing(string target) => Assert.Null(RequestTarget.FindFault(target));

    [Theory]
    [InlineData("")]
    [InlineData("vms")]
    [InlineData("host:80")]
    [InlineData("urn:vms")]
    [InlineData("file:///vms")]
    [InlineData("//vms")]
    [InlineData("/vms#x")]
    [InlineData("/v\u00fcms")]
    [InlineData("/vms/a\tb")]
    [InlineData("http:/vms")]
    [InlineData("http://host\\vms")]
    [InlineData("http://host#/vms")]
    [InlineData("http://host/vms/%2e%2E")]
    public void A_target_that_is_not_plainly_a_path_is_refused(string target) => Assert.NotNull(RequestTarget.FindFault(target));

    [Fact]
    public void Every_hostile_value_has_a_reason_of_its_own_and_no_harmless_one_has()
    {
        Assert.All(Hostile, value => Assert.NotNull(RequestTarget.FindFault($"/vms/{value}/events")));
        Assert.All(Harmless, value => Assert.Null(RequestTarget.FindFault($"/vms/{value}/events")));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("/snapshots/%2e%2e")]
    [InlineData("/snapshots/..")]
    [InlineData("/snapshots/a/%2E%2E/..")]
    [InlineData("/.")]
    [InlineData("/%2e/")]
    [InlineData("//")]
    [InlineData("\\snapshots\\..")]
    [InlineData("#/snapshots/a")]
    public async Task A_deletion_that_only_seems_to_be_a_snapshots_leaves_the_VM(string behind)
    {
        await using var host = new FakeHost();
        await using var app = new AutoProvisionApp(host, []);
        app.UseKestrel();
        using var http = app.CreateClient();
        var vm = await http.ReadyVmAsync();
        var before = await http.GetJsonAsync(vm);

        var path = await http.AskRawAsync($"DELETE {vm}{behind}");
        var url = await http.AskRawAsync($"DELETE {new Uri(http.BaseAddress!, vm)}{behind}");

        Assert.Equal((400, "request_target_invalid"), (path.Status, path.Code));
        Assert.Equal((400, "request_target_invalid"), (url.Status, url.Code));
        Assert.Equal(before.GetRawText(), (await http.GetJsonAsync(vm)).GetRawText());
        Assert.Empty(host.Log.Troubles);
    }

    [Fact(Timeout = 120_000)]
    public async Task No_value_in_a_path_reaches_another_route_or_changes_anything()
    {
        await using var host = new FakeHost();
        await using var app = new AutoProvisionApp(host, []);
        app.UseKestrel();
        using var http = app.CreateClient();
        var vm = await http.ReadyVmAsync();
        await http.OperateAsync($"{vm}/snapshots", """{"name": "s1"}""");
        var before = await StateAsync(host, http);
        var asked = 0;

        foreach (var (method, pattern) in Routes(app))
            foreach (var parameter in pattern.Parameters)
                foreach (var value in Hostile.Concat(Harmless))
                {
                    var target = $"/{string.Join('/', pattern.PathSegments.Select(segment => Fill(segment.Parts[0], parameter.Name, value)))}";
                    var answer = await http.AskRawAsync($"{method} {target}", method is "POST" or "PUT" ? "Content-Length: 0\r\n" : "");
                    var shown = $"{method} {target}: {answer.Status} {answer.Code}";
                    // Kestrel itself refuses an encoded NUL, with no document.
                    if (Hostile.Contains(value))
                        Assert.True(answer.Status == 400 && answer.Code is "request_target_invalid" or null, shown);
                    // To delete a snapshot that is not there is nothing to do.
                    else if (method == "DELETE" && parameter.Name == "name")
                        Assert.True(answer.Status == 202, shown);
                    else
                        Assert.True(answer.Status is 400 or 404 && answer.Code is not "request_target_invalid", shown);
                    asked++;
                }

        Assert.Equal(before, await StateAsync(host, http));
        Assert.Empty(host.Log.Troubles);
        Assert.True(asked > 500, $"{asked}");

        string Fill(Microsoft.AspNetCore.Routing.Patterns.RoutePatternPart part, string name, string value) => part switch
        {
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal => literal.Content,
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart parameter when parameter.Name == name => value,
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart { Name: "name" } => "s1",
            _ => vm["/vms/".Length..],
        };
    }

    [Theory(Timeout = 60_000)]
    [InlineData("GET /swagger/%2e%2e/vms")]
    [InlineData("GET /swagger/..%2findex.html")]
    [InlineData("GET /openapi/%2e%2e/vms")]
    [InlineData("GET //vms")]
    [InlineData("POST /host/../vms")]
    [InlineData("GET urn:vms")]
    [InlineData("GET foo:bar")]
    [InlineData("GET file:///vms")]
    [InlineData("CONNECT 127.0.0.1:80")]
    [InlineData("OPTIONS *")]
    public async Task What_is_served_beside_the_API_is_no_way_round(string line)
    {
        await using var host = new FakeHost();
        await using var app = new AutoProvisionApp(host, []);
        app.UseKestrel();
        using var http = app.CreateClient();

        var answer = await http.AskRawAsync(line);

        Assert.InRange(answer.Status, 400, 499);
        Assert.Empty(host.Log.Troubles);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_refusal_says_what_to_do_and_is_counted()
    {
        await using var host = new FakeHost();
        await using var app = new AutoProvisionApp(host, []);
        app.UseKestrel();
        using var http = app.CreateClient();

        var problem = JsonElement.Parse((await http.AskRawAsync("GET /vms/%2e%2e")).Body);
        var metrics = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal("The address cannot be used: it has the dot segment \"..\".", problem.Text("detail"));
        Assert.Contains("percent-encode", problem.Text("hint"), StringComparison.Ordinal);
        Assert.Equal(("urn:autoprovision:problem:request_target_invalid", "Bad Request"), (problem.Text("type"), problem.Text("title")));
        Assert.Contains("http_requests_received_total{code=\"400\",method=\"GET\",route=\"\"} 1", metrics, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_path_of_a_guests_file_has_rules_of_its_own()
    {
        await using var files = await VmFiles.StartAsync();
        files.Guest.Add("/etc/motd", "hello");

        using var read = await files.Http.GetAsync(files.At("/etc/motd"), TestContext.Current.CancellationToken);
        using var refused = await files.Http.GetAsync(files.At("/etc/../etc/motd"), TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.OK, "invalid_request"), (read.StatusCode, (await refused.ReadProblemAsync(HttpStatusCode.BadRequest)).Text("code")));
    }

    // Swagger's pages are no endpoints.
    private static IEnumerable<(string Method, Microsoft.AspNetCore.Routing.Patterns.RoutePattern Pattern)> Routes(AutoProvisionApp app) =>
        from route in app.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        where route.RoutePattern.Parameters.Count > 0
        from method in route.Metadata.OfType<HttpMethodMetadata>().SelectMany(it => it.HttpMethods)
        select (method, route.RoutePattern);

    private static async Task<string> StateAsync(FakeHost host, HttpClient http)
    {
        var vms = (await http.GetJsonAsync("/vms")).GetRawText();
        return string.Join('\n', [vms, .. host.Traces.Where(trace => !trace.Contains("open SSH", StringComparison.Ordinal)).Order(StringComparer.Ordinal)]);
    }
}
