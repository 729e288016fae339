using System.Net;
using System.Text.Json;
using AutoProvision.Fakes;
using AutoProvision.Inputs;

namespace AutoProvision.Api;

/// <summary>What is too large or too complex to be read, through every door.</summary>
public sealed class InputLimitTests
{
    private const int Limit = 60_000;
    private const string Endless = "? &a [*a]\\n: v\\n";
    private static readonly string Tree = "a0: &a0 x\\n" + string.Concat(Enumerable.Range(1, 40).Select(at => $"a{at}: &a{at} [*a{at - 1}, *a{at - 1}]\\n"));

    public static TheoryData<string, string> Texts => new()
    {
        { $$"""{"userData": "#cloud-config\n{{Endless}}"}""", "/userData user_data_invalid" },
        { $$"""{"networkConfig": "{{Endless}}"}""", "/networkConfig network_config_invalid" },
        { $$"""{"userData": "#cloud-config-archive\n{{Endless}}"}""", "/userData user_data_invalid" },
        { $$"""{"userData": "MIME-Version: 1.0\nContent-Type: text/cloud-config\n\n{{Endless}}"}""", "/userData user_data_invalid" },
        { $$"""{"userData": "#cloud-config\n{{Tree}}? *a40\n: v\n"}""", "/userData too_complex" },
        { $$"""{"networkConfig": "{{Tree}}? *a40\n: v\n"}""", "/networkConfig too_complex" },
        { $$"""{"userData": "#cloud-config\n{{Tree}}"}""", "/userData too_complex" },
        { $$"""{"networkConfig": "version: 2\n{{Tree}}"}""", "/networkConfig too_complex" },
        { $$"""{"userData": "#cloud-config\na: {{new string('[', 65)}}"}""", "/userData too_complex" },
        { $$"""{"userData": "#!/bin/sh\n{{new string('x', InputLimits.MostTextBytes)}}"}""", "/userData too_large" },
        { $$"""{"networkConfig": "{{new string('ü', InputLimits.MostTextBytes / 2)}} "}""", "/networkConfig too_large" },
    };

    public static TheoryData<string, string, string> Bodies => new()
    {
        { "application/yaml", "? &a [*a]\n: v\n", " yaml_malformed" },
        { "application/yaml", "name: a\nlabels: &a {b: *a}\n", " yaml_malformed" },
        { "application/yaml", Tree.Replace("\\n", "\n", StringComparison.Ordinal), " too_complex" },
        { "application/yaml", new string('[', 65), " too_complex" },
        { "application/yaml", $"packages: [{NastyYaml.Fill("a,", 200_000)}]", " too_complex" },
        { "application/yaml", $"a: &a {new string('b', 100_000)}\nc: [{NastyYaml.Fill("*a,", 300)}]", " too_large" },
        { "application/json", new string('[', 65) + new string(']', 65), " too_complex" },
        { "application/json", $"{{\"packages\": [{NastyYaml.Fill("1,", 200_000)}1]}}", " too_complex" },
        { "application/json", $"{{{NastyYaml.Numbered(1_000_000, at => $"\"{at}\":1,")}\"a\": 1}}", " too_complex" },
        { "application/json", $"{{\"packages\": [{NastyYaml.Fill("1,", 90_000)}1]}}", "/packages too_many" },
        { "application/yaml", $"packages: [{NastyYaml.Fill("1,", 90_000)}1]", "/packages too_many" },
    };

    [Theory(Timeout = Limit), MemberData(nameof(Texts))]
    public async Task A_text_beyond_its_limits_is_one_error_at_its_pointer(string body, string fault)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        using var response = await http.PostJsonAsync("/vms", body);

        Assert.Equal([fault], Faults(await response.ReadProblemAsync(HttpStatusCode.BadRequest)));
        await http.CreateVmAsync();
    }

    [Theory(Timeout = Limit), MemberData(nameof(Bodies))]
    public async Task So_is_a_body(string type, string body, string fault)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        using var response = await http.PostTextAsync("/vms", body, type);

        Assert.Equal([fault], Faults(await response.ReadProblemAsync(HttpStatusCode.BadRequest)));
    }

    [Theory(Timeout = Limit)]
    [InlineData(Endless, "/networkConfig network_config_invalid")]
    [InlineData(null, "/networkConfig too_complex")]
    public async Task So_is_the_network_config_of_a_copy(string? config, string fault)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.CreateVmAsync();
        await http.UntilAsync(vm, "ready");

        using var response = await http.PostJsonAsync($"{vm}/clone", $$"""{"networkConfig": "{{config ?? Tree}}"}""");

        Assert.Equal([fault], Faults(await response.ReadProblemAsync(HttpStatusCode.BadRequest)));
    }

    [Theory(Timeout = Limit)]
    [InlineData("exec", """{"command": [""", "\"a\",", "\"a\"]}", "/command too_many", 10_001)]
    [InlineData("exec", """{"shell": "true", "env": {""", "\"%\": \"\",", "\"a\": \"\"}}", "/env too_many", 257)]
    public async Task So_is_a_list_of_a_command(string path, string begin, string part, string end, string fault, int count)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.CreateVmAsync();
        await http.UntilAsync(vm, "ready");

        using var response = await http.PostJsonAsync($"{vm}/{path}", begin + string.Concat(Enumerable.Range(1, count - 1).Select(at => part.Replace("%", $"A{at}", StringComparison.Ordinal))) + end);

        Assert.Equal([fault], Faults(await response.ReadProblemAsync(HttpStatusCode.BadRequest)));
    }

    [Fact(Timeout = Limit)]
    public async Task A_text_of_just_the_size_is_taken()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        await http.UntilAsync(await http.CreateVmAsync(JsonSerializer.Serialize(new { userData = "#!/bin/sh\n" + new string('#', InputLimits.MostTextBytes - 10) })), "ready");
    }

    private static IEnumerable<string> Faults(JsonElement problem) =>
        problem.GetProperty("errors").EnumerateArray().Select(fault => $"{fault.Text("pointer")} {fault.Text("code")}");
}
