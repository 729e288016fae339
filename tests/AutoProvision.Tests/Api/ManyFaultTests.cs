using System.Net;
using System.Text;
using System.Text.Json;
using AutoProvision.Fakes;
using AutoProvision.Inputs;

namespace AutoProvision.Api;

/// <summary>An answer is never many times its question.</summary>
public sealed class ManyFaultTests
{
    private const int Limit = 60_000;

    [Theory(Timeout = Limit)]
    [InlineData("application/json")]
    [InlineData("application/yaml")]
    public async Task A_list_that_is_too_long_is_one_fault_whatever_is_in_it(string type)
    {
        var problem = await RefusedAsync($$"""{"hosts": [{{NastyYaml.Fill("{},", 3 * 99_000)}}{}]}""", type);

        Assert.Equal("/hosts too_many 99001 are too many. At most 1000.", string.Join(' ', problem.GetProperty("errors").EnumerateArray().Single().EnumerateObject().Select(member => member.Value.GetString())));
        Assert.False(problem.TryGetProperty("errorsOmitted", out _));
    }

    [Fact(Timeout = Limit)]
    public async Task A_hundred_faults_are_told_and_the_others_are_counted()
    {
        var shape = await RefusedAsync($$"""{"cpus": 0, {{string.Join(',', Enumerable.Range(0, 250).Select(at => $"\"f{at}\": 1"))}}}""", "application/json");
        Assert.Equal((100, 151, "The request has 251 fault(s)."), Told(shape));

        var rules = await RefusedAsync($$"""{"hosts": [{{NastyYaml.Fill("{},", 3 * 999)}}{}]}""", "application/json");
        Assert.Equal((100, 1900, "The request has 2000 fault(s)."), Told(rules));
    }

    [Fact(Timeout = Limit)]
    public async Task What_a_fault_repeats_of_the_body_is_cut()
    {
        var name = new string('n', 500_000);
        var body = $$"""{"{{name}}": 1, "name": "{{name}}", "environment": {"1{{name}}": "x"}, "labels": {"{{name}}": ""}, "packages": ["{{name}} "]}""";

        var problem = await RefusedAsync(body, "application/json");

        Assert.Equal(["", "/environment", "/labels", "/name", "/packages/0"], problem.GetProperty("errors").EnumerateArray().Select(fault => fault.Text("pointer")).Order(StringComparer.Ordinal));
        Assert.InRange(Encoding.UTF8.GetByteCount(problem.GetRawText()), 0, 20_000);
    }

    private static (int, int, string) Told(JsonElement problem) =>
        (problem.GetProperty("errors").GetArrayLength(), problem.GetProperty("errorsOmitted").GetInt32(), problem.Text("detail"));

    private static async Task<JsonElement> RefusedAsync(string body, string type)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        using var response = await http.PostTextAsync("/vms", body, type);
        return await response.ReadProblemAsync(HttpStatusCode.BadRequest);
    }
}
