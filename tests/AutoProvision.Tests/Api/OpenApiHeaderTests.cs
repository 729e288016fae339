using System.Net;
using System.Text;
using System.Text.Json;
using AutoProvision.Fakes;
using static AutoProvision.Api.DocumentOperations;

namespace AutoProvision.Api;

/// <summary>The headers that the document says are heeded and sent.</summary>
public sealed class OpenApiHeaderTests
{
    private const int Limit = 30_000;
    private const string Past = "Sat, 01 Jan 2000 00:00:00 GMT";
    private const string Later = "Thu, 01 Jan 2026 00:00:00 GMT";

    [Fact(Timeout = Limit)]
    public async Task What_depends_on_a_header_of_the_request_names_it() => Check(await ReadAsync(), (operation, report) =>
    {
        var parameters = Items(operation, "parameters").Select(parameter => (In: parameter.Text("in"), Name: parameter.Text("name"))).ToList();
        foreach (var (status, headers) in ((string, string[])[])[("206", ["Range"]), ("304", ["If-None-Match", "If-Modified-Since"]), ("412", ["If-Match", "If-Unmodified-Since"]), ("416", ["Range"])])
            report(!Answers(operation).Contains(status) || parameters.Any(parameter => parameter.In == "header" && headers.Contains(parameter.Name)), $"answers {status} and takes no {string.Join(" or ", headers)}");
    });

    [Fact(Timeout = Limit)]
    public async Task What_a_client_has_to_send_back_is_sent() => Check(await ReadAsync(), (operation, report) =>
    {
        var parameters = Items(operation, "parameters").Select(parameter => parameter.Text("name")).ToList();
        report(!parameters.Contains("cursor") || Sends(operation, "200", "Link"), "has pages and no Link to the next one");
        report(!parameters.Contains("If-None-Match") || Sends(operation, "200", "ETag"), "takes If-None-Match and has no ETag");
        report(!parameters.Contains("If-Modified-Since") || Sends(operation, "200", "Last-Modified"), "takes If-Modified-Since and has no Last-Modified");
        report(!parameters.Contains("Prefer") || Sends(operation, "202", "Preference-Applied"), "takes Prefer and has no Preference-Applied");
        report(!Answers(operation).Contains("202") || Sends(operation, "202", "Location"), "answers 202 without a Location");
    });

    [Fact(Timeout = Limit)]
    public async Task A_VM_comes_with_the_headers_that_are_described()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var headers = new DocumentHeaders(await ReadAsync());
        var vm = "";
        for (var time = 0; time < 2; time++)
            vm = await CallAsync("POST", "/vms", "/vms", HttpStatusCode.Accepted, ("Prefer", "wait=20"), ("Idempotency-Key", "key-1"));
        await CallAsync("POST", $"{vm}/clone", "/vms/{id}/clone", HttpStatusCode.Accepted, ("Prefer", "wait=20"));

        await CallAsync("GET", "/vms?limit=1", "/vms", HttpStatusCode.OK);
        await CallAsync("GET", "/vms?limit=1", "/vms", HttpStatusCode.NotModified, ("If-None-Match", "*"));
        await CallAsync("GET", vm, "/vms/{id}", HttpStatusCode.OK);
        await CallAsync("GET", vm, "/vms/{id}", HttpStatusCode.NotModified, ("If-None-Match", "*"));
        await CallAsync("PATCH", vm, "/vms/{id}", HttpStatusCode.OK, ("If-Match", "*"));
        await CallAsync("PATCH", vm, "/vms/{id}", HttpStatusCode.PreconditionFailed, ("If-Match", "\"0\""));
        await CallAsync("GET", $"{vm}/ssh", "/vms/{id}/ssh", HttpStatusCode.OK);
        await CallAsync("GET", $"{vm}/console", "/vms/{id}/console", HttpStatusCode.OK);
        Assert.EndsWith("/snapshots/one", await CallAsync("POST", $"{vm}/snapshots", "/vms/{id}/snapshots", HttpStatusCode.Accepted, ("Prefer", "wait=20")), StringComparison.Ordinal);
        foreach (var operation in (string[])["stop", "start", "restart", "resize"])
            await CallAsync("POST", $"{vm}/{operation}", $"/vms/{{id}}/{operation}", HttpStatusCode.Accepted, ("Prefer", "wait=20"));
        await CallAsync("POST", $"{vm}/snapshots/one/restore", "/vms/{id}/snapshots/{name}/restore", HttpStatusCode.Accepted, ("Prefer", "wait=20"));
        await CallAsync("DELETE", $"{vm}/snapshots/one", "/vms/{id}/snapshots/{name}", HttpStatusCode.Accepted, ("Prefer", "wait=20"));
        await CallAsync("DELETE", vm, "/vms/{id}", HttpStatusCode.Accepted);

        async Task<string> CallAsync(string method, string address, string path, HttpStatusCode expected, params (string, string)[] sent)
        {
            using var request = Request(method, address, sent);
            request.Content = method is "POST" or "PATCH" ? new StringContent(Body(path), Encoding.UTF8, "application/json") : null;
            using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(expected, response.StatusCode);
            headers.Check(response, $"{method} {path}");
            return response.Headers.Location?.OriginalString ?? "";
        }

        static string Body(string path) => path.Split('/')[^1] switch { "snapshots" => """{"name": "one"}""", "resize" => """{"cpus": 1}""", _ => "{}" };
    }

    [Theory(Timeout = Limit)]
    [InlineData("/etc/f", HttpStatusCode.OK, "Accept", "*/*")]
    [InlineData("/etc", HttpStatusCode.OK, "Accept", "*/*")]
    [InlineData("/etc/f", HttpStatusCode.PartialContent, "Range", "bytes=1-")]
    [InlineData("/etc/f", HttpStatusCode.RequestedRangeNotSatisfiable, "Range", "bytes=9-")]
    [InlineData("/etc/f", HttpStatusCode.NotModified, "If-Modified-Since", Later)]
    [InlineData("/etc/f", HttpStatusCode.PreconditionFailed, "If-Unmodified-Since", Past)]
    public async Task A_file_comes_with_the_headers_that_are_described(string path, HttpStatusCode status, string header, string value)
    {
        await using var files = await VmFiles.StartAsync();
        files.Guest.Add("/etc/f", "abc");
        using var request = Request("GET", files.At(path).OriginalString, (header, value));

        using var response = await files.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(status, response.StatusCode);
        new DocumentHeaders(await ReadAsync()).Check(response, "GET /vms/{id}/files");
    }

    [Theory(Timeout = Limit)]
    [InlineData(Later, HttpStatusCode.PartialContent)]
    [InlineData(Past, HttpStatusCode.OK)]
    public async Task A_part_of_a_file_that_has_changed_is_the_whole_file(string known, HttpStatusCode status)
    {
        await using var files = await VmFiles.StartAsync();
        files.Guest.Add("/etc/f", "abc");
        using var request = Request("GET", files.At("/etc/f").OriginalString, ("Range", "bytes=1-"), ("If-Range", known));

        using var response = await files.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(status, response.StatusCode);
    }

    [Fact(Timeout = Limit)]
    public async Task A_full_queue_says_when_to_come_again()
    {
        await using var host = new FakeHost();
        using var http = host.Start(("Provisioning:Concurrency", "1"), ("Provisioning:QueueCapacity", "0")).CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("image"));
        await http.CreateVmAsync();
        await gate.ReachedAsync();

        using var refused = await http.PostJsonAsync("/vms", "{}");

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        new DocumentHeaders(await ReadAsync()).Check(refused, "POST /vms");
        gate.Open();
    }

    private static HttpRequestMessage Request(string method, string address, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), address);
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        return request;
    }

    private static IEnumerable<string> Answers(JsonElement operation) => operation.GetProperty("responses").EnumerateObject().Select(answer => answer.Name);

    private static bool Sends(JsonElement operation, string status, string header) =>
        operation.GetProperty("responses").GetProperty(status).TryGetProperty("headers", out var headers) && headers.TryGetProperty(header, out _);
}
