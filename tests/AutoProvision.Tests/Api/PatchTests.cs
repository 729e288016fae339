using System.Net;
using System.Text;
using System.Text.Json;
using AutoProvision.Fakes;

namespace AutoProvision.Api;

/// <summary>Labels and expiry that are changed later.</summary>
public sealed class PatchTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task Labels_are_set_and_removed_one_by_one_and_all_at_once()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync("""{"labels": {"a": "1", "b": "2"}}""");

        Assert.Equal("a=1 c=3", Labels(await PatchAsync(http, vm, """{"labels": {"b": null, "c": "3"}}""")));
        var version = (await http.GetJsonAsync(vm)).GetProperty("version").GetInt64();
        Assert.Equal(version, (await PatchAsync(http, vm, """{"labels": {"a": "1"}}""")).GetProperty("version").GetInt64());
        Assert.Equal("", Labels(await PatchAsync(http, vm, """{"labels": null}""")));
    }

    [Fact(Timeout = Limit)]
    public async Task Only_expiresAt_takes_an_expiry_away()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync("""{"expiresIn": "2h"}""");
        var expiry = (await http.GetJsonAsync(vm)).Text("expiresAt");

        Assert.Equal(expiry, (await PatchAsync(http, vm, """{"expiresIn": null}""")).Text("expiresAt"));
        Assert.False((await PatchAsync(http, vm, """{"expiresAt": null}""")).TryGetProperty("expiresAt", out _));
    }

    [Fact(Timeout = Limit)]
    public async Task Labels_and_expiry_outlast_a_restart()
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var http = app.CreateClient();
        var vm = await http.ReadyVmAsync();
        var before = await PatchAsync(http, vm, """{"labels": {"a": "1"}, "expiresIn": "2h"}""");

        using var next = (await host.KillAndStartAsync(app)).CreateClient();
        var after = await next.GetJsonAsync(vm);

        Assert.Equal("a=1", Labels(after));
        Assert.Equal(before.Text("expiresAt"), after.Text("expiresAt"));
    }

    [Fact(Timeout = Limit)]
    public async Task Two_who_change_the_same_VM_do_not_undo_each_others_changes()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();
        using var read = await http.GetAsync(new Uri(vm, UriKind.Relative), TestContext.Current.CancellationToken);
        var tag = read.Headers.ETag!.ToString();

        Assert.Equal("a=1", Labels(await PatchAsync(http, vm, """{"labels": {"a": "1"}}""", tag)));
        using var late = await SendAsync(http, vm, """{"labels": {"a": "2"}}""", tag);

        Assert.Equal("precondition_failed", (await late.ReadProblemAsync(HttpStatusCode.PreconditionFailed)).Text("code"));
        using var bare = await SendAsync(http, vm, """{"labels": {"a": "3"}}""", tag.Trim('"'));
        Assert.Equal("precondition_failed", (await bare.ReadProblemAsync(HttpStatusCode.PreconditionFailed)).Text("code"));
    }

    [Fact(Timeout = Limit)]
    public async Task Labels_have_an_end_however_they_came()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();

        await PatchAsync(http, vm, Many("a"));
        using var more = await SendAsync(http, vm, Many("b"));

        Assert.Equal(["/labels"], (await more.ReadProblemAsync(HttpStatusCode.BadRequest)).GetProperty("errors").EnumerateArray().Select(fault => fault.Text("pointer")));
        Assert.Equal(40, (await http.GetJsonAsync(vm)).GetProperty("labels").EnumerateObject().Count());

        static string Many(string prefix) => JsonSerializer.Serialize(new { labels = Enumerable.Range(0, 40).ToDictionary(index => $"{prefix}{index}", _ => "") });
    }

    [Fact(Timeout = Limit)]
    public async Task Every_fault_is_named_and_a_VM_that_goes_stays_as_it_is()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();

        using var refused = await SendAsync(http, vm, """{"labels": {"-": "x", "b": 3}, "expiresIn": "soon", "cpus": 3, "nulls": ["labels"]}""");
        var pointers = (await refused.ReadProblemAsync(HttpStatusCode.BadRequest)).GetProperty("errors").EnumerateArray().Select(fault => fault.Text("pointer"));
        Assert.Equal(["/cpus", "/expiresIn", "/labels/-", "/labels/b", "/nulls"], pointers.Order(StringComparer.Ordinal));

        await http.DeleteVmAsync(vm);
        await http.FollowAsync(vm);
        using var gone = await SendAsync(http, vm, """{"labels": {"a": "1"}}""");
        Assert.Equal("vm_state_conflict", (await gone.ReadProblemAsync(HttpStatusCode.Conflict)).Text("code"));
    }

    private static string Labels(JsonElement vm) => string.Join(' ', vm.GetProperty("labels").EnumerateObject().Select(label => $"{label.Name}={label.Value}"));

    private static async Task<JsonElement> PatchAsync(HttpClient http, string vm, string json, string? expected = null)
    {
        using var response = await SendAsync(http, vm, json, expected);
        return await response.ReadJsonAsync();
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient http, string vm, string json, string? expected = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, vm) { Content = new StringContent(json, Encoding.UTF8, "application/merge-patch+json") };
        if (expected is not null)
            request.Headers.TryAddWithoutValidation("If-Match", expected);
        return await http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
