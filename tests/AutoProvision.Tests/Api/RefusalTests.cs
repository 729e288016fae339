using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using AutoProvision.Fakes;

namespace AutoProvision.Api;

public sealed class RefusalTests
{
    private const int Limit = 30_000;

    private const string WrongEverywhere = """
        {
          "name": "-Bad_", "image": "windows", "cpus": "two", "memoryMiB": 1, "diskGiB": 999999, "user": "root", "colour": "red",
          "authorizedKeys": ["nonsense"], "packages": ["git; reboot"], "runCommands": ["true", ""],
          "files": [{"path": "/ok", "content": ""}, {"path": "relative", "mode": "99", "owner": "a b", "size": 1}],
          "hosts": [{"address": "1.2.3", "names": []}], "networkConfig": "version: 9"
        }
        """;

    [Fact(Timeout = Limit)]
    public async Task Every_fault_is_told_at_once_and_nothing_is_created()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        using var response = await http.PostJsonAsync("/vms", WrongEverywhere);

        var faults = Faults(await response.ReadProblemAsync(HttpStatusCode.BadRequest));
        Assert.Equal(
        [
            "/authorizedKeys/0 key_invalid", "/colour field_unknown", "/cpus type_mismatch", "/diskGiB out_of_range",
            "/files/1/content required", "/files/1/mode mode_invalid", "/files/1/owner owner_invalid", "/files/1/path path_invalid", "/files/1/size field_unknown",
            "/hosts/0/address address_invalid", "/hosts/0/names required", "/image image_unknown", "/memoryMiB out_of_range",
            "/name name_invalid", "/networkConfig network_config_invalid", "/packages/0 package_invalid", "/runCommands/1 command_invalid", "/user user_invalid",
        ], faults.Keys.Order(StringComparer.Ordinal));
        Assert.Contains("debian-12, ", faults["/image image_unknown"], StringComparison.Ordinal);
        Assert.Contains("tiny", faults["/image image_unknown"], StringComparison.Ordinal);
        Assert.Contains("memoryMiB", faults["/colour field_unknown"], StringComparison.Ordinal);
        await AssertNothingCreatedAsync(host, http);
    }

    [Theory(Timeout = Limit)]
    [InlineData("{", "json_malformed")]
    [InlineData("{\"name\": \"a\"} x", "json_malformed")]
    [InlineData("{\"name\": \"a\", \"name\": \"b\"}", "json_malformed")]
    [InlineData("{\"\\ud800\": 1}", "json_malformed")]
    [InlineData("{\"name\": \"\\ud800\"}", "type_mismatch")]
    [InlineData("[]", "type_mismatch")]
    [InlineData("null", "type_mismatch")]
    [InlineData("\"web\"", "type_mismatch")]
    [InlineData("{\"cpus\": 1.5}", "type_mismatch")]
    [InlineData("{\"cpus\": 99999999999}", "type_mismatch")]
    [InlineData("{\"packages\": \"git\"}", "type_mismatch")]
    [InlineData("{\"packages\": [null]}", "type_mismatch")]
    [InlineData("{\"files\": [3]}", "type_mismatch")]
    [InlineData("{\"Name\": \"a\"}", "field_unknown")]
    public async Task A_body_of_the_wrong_shape_is_refused(string body, string code)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        using var response = await http.PostJsonAsync("/vms", body);

        Assert.EndsWith(code, Assert.Single(Faults(await response.ReadProblemAsync(HttpStatusCode.BadRequest)).Keys), StringComparison.Ordinal);
        await AssertNothingCreatedAsync(host, http);
    }

    [Fact(Timeout = Limit)]
    public async Task A_body_that_is_declared_as_neither_JSON_nor_YAML_is_unsupported()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        using var content = new StringContent("{}", Encoding.UTF8, new MediaTypeHeaderValue("text/plain"));

        using var response = await http.PostAsync(new Uri("/vms", UriKind.Relative), content, TestContext.Current.CancellationToken);

        var problem = await response.ReadProblemAsync(HttpStatusCode.UnsupportedMediaType);
        Assert.Contains("application/json or application/yaml", problem.Text("detail") + problem.Text("hint"), StringComparison.Ordinal);
        await AssertNothingCreatedAsync(host, http);
    }

    [Theory(Timeout = Limit)]
    [InlineData("GET", "/vms/nonsense")]
    [InlineData("GET", "/vms/0199d3a4-0000-7000-8000-000000000000")]
    [InlineData("DELETE", "/vms/0199d3a4-0000-7000-8000-000000000000")]
    [InlineData("GET", "/vms/0199d3a4-0000-7000-8000-000000000000/events")]
    [InlineData("GET", "/vms/0199d3a4-0000-7000-8000-000000000000/ssh")]
    [InlineData("GET", "/nowhere")]
    public async Task What_is_not_there_is_not_found(string method, string path)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);

        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);

        await response.ReadProblemAsync(HttpStatusCode.NotFound);
    }

    [Fact(Timeout = Limit)]
    public async Task A_method_that_a_route_does_not_have_is_a_problem_as_well()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        using var response = await http.DeleteAsync(new Uri("/vms", UriKind.Relative), TestContext.Current.CancellationToken);

        await response.ReadProblemAsync(HttpStatusCode.MethodNotAllowed);
    }

    [Theory(Timeout = Limit)]
    [InlineData("text/event-stream")]
    [InlineData("text/html")]
    [InlineData("application/xml;q=0.5, image/*")]
    [InlineData("application/json")]
    [InlineData("*/*")]
    public async Task A_refusal_is_a_problem_whatever_the_client_accepts(string accept)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        http.DefaultRequestHeaders.Add("Accept", accept);

        foreach (var (method, path, status, code) in new[]
        {
            ("GET", "/vms/0199d3a4-0000-7000-8000-000000000000/events", HttpStatusCode.NotFound, "vm_not_found"),
            ("GET", "/nowhere", HttpStatusCode.NotFound, "route_unknown"),
            ("DELETE", "/vms", HttpStatusCode.MethodNotAllowed, "method_not_allowed"),
            ("POST", "/vms", HttpStatusCode.UnsupportedMediaType, "content_type_unsupported"),
        })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = method == "POST" ? new StringContent("a VM, please") : null };
            using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
            var problem = await response.ReadProblemAsync(status);
            Assert.Equal((code, $"urn:autoprovision:problem:{code}"), (problem.Text("code"), problem.Text("type")));
            Assert.All([problem.Text("title"), problem.Text("traceId")], Assert.NotEmpty);
        }
        using var vms = await http.PostJsonAsync("/vms", "{");
        Assert.Equal("invalid_request", (await vms.ReadProblemAsync(HttpStatusCode.BadRequest)).Text("code"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_hypervisor_that_is_down_is_said_so_and_nothing_is_created()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Hypervisor.IsDown = true;

        using var response = await http.PostJsonAsync("/vms", "{}");

        Assert.Equal("hypervisor_unavailable", (await response.ReadProblemAsync(HttpStatusCode.ServiceUnavailable)).Text("code"));
        Assert.True(response.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        await AssertNothingCreatedAsync(host, http);
    }

    private static async Task AssertNothingCreatedAsync(FakeHost host, HttpClient http)
    {
        Assert.Empty((await http.GetJsonAsync("/vms")).EnumerateArray());
        Assert.Empty(host.Traces);
    }

    private static Dictionary<string, string> Faults(JsonElement problem) =>
        problem.GetProperty("errors").EnumerateArray().ToDictionary(fault => $"{fault.Text("pointer")} {fault.Text("code")}", fault => fault.Text("hint"));
}
