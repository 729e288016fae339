using System.Net;
using System.Text.Json;
using AutoProvision.Fakes;

namespace AutoProvision.Api;

/// <summary>Lists by label, state and page, and entity tags.</summary>
public sealed class ListTests
{
    private const int Limit = 30_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limit)]
    public async Task VMs_are_found_by_label_and_state()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var one = await http.ReadyVmAsync("""{"name": "one", "labels": {"env": "test", "team": "a"}}""");
        await http.ReadyVmAsync("""{"name": "two", "labels": {"env": "prod"}}""");
        await http.ReadyVmAsync("""{"name": "three"}""");
        await http.OperateAsync($"{one}/stop");

        Assert.Equal(["one", "two"], await NamesAsync(http, "?label=env"));
        Assert.Equal(["one"], await NamesAsync(http, "?label=env%3Dtest&label=team"));
        Assert.Equal(["one"], await NamesAsync(http, "?state=stopped"));
        Assert.Equal(["two", "three"], await NamesAsync(http, "?state=ready,degraded"));
        Assert.Equal(["one", "two", "three"], await NamesAsync(http, "?state=ready&state=stopped"));
        Assert.Empty(await NamesAsync(http, "?label=env%3Dtest&state=ready"));
        await http.DeleteVmAsync(one);
        await http.FollowAsync(one);
        Assert.Equal(["two", "three"], await NamesAsync(http, ""));
        Assert.Equal(["one"], await NamesAsync(http, "?state=deleted"));
    }

    [Fact(Timeout = Limit)]
    public async Task Pages_hold_every_VM_once_even_when_one_goes_between_them()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var paths = new List<string>();
        foreach (var name in (string[])["a", "b", "c", "d", "e"])
            paths.Add(await http.ReadyVmAsync($$$"""{"name": "{{{name}}}", "labels": {"all": ""} }"""));

        var (first, next) = await PageAsync(http, "/vms?limit=2&label=all");
        // The one that the cursor stands for.
        await http.DeleteVmAsync(paths[1]);
        await http.FollowAsync(paths[1]);
        var (second, then) = await PageAsync(http, next!);
        var (third, last) = await PageAsync(http, then!);

        Assert.Equal(["a", "b", "c", "d", "e"], [.. first, .. second, .. third]);
        Assert.Null(last);
    }

    [Fact(Timeout = Limit)]
    public async Task Every_bad_parameter_is_named_in_one_refusal()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        using var refused = await http.GetAsync(new Uri("/vms?state=happy&limit=0&cursor=x&label=a%3D1,b%3D2", UriKind.Relative), Cancellation);
        var problem = await refused.ReadProblemAsync(HttpStatusCode.BadRequest);
        using var unknown = await http.GetAsync(new Uri($"/vms?cursor={Guid.NewGuid():N}", UriKind.Relative), Cancellation);

        Assert.Equal(["/cursor", "/label", "/limit", "/state"], problem.GetProperty("errors").EnumerateArray().Select(fault => fault.Text("pointer")).Order(StringComparer.Ordinal));
        Assert.Equal("cursor_invalid", (await unknown.ReadProblemAsync(HttpStatusCode.BadRequest)).GetProperty("errors")[0].Text("code"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_client_that_knows_the_answer_is_told_so()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();

        foreach (var path in (string[])["/vms", vm])
        {
            var tag = await TagAsync(http, path, null, HttpStatusCode.OK);
            Assert.Equal(tag, await TagAsync(http, path, tag, HttpStatusCode.NotModified));
            await http.OperateAsync($"{vm}/restart");
            Assert.NotEqual(tag, await TagAsync(http, path, tag, HttpStatusCode.OK));
        }
    }

    private static async Task<string> TagAsync(HttpClient http, string path, string? known, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (known is not null)
            request.Headers.Add("If-None-Match", known);
        using var response = await http.SendAsync(request, Cancellation);
        Assert.Equal(expected, response.StatusCode);
        return response.Headers.ETag!.ToString();
    }

    private static async Task<IEnumerable<string>> NamesAsync(HttpClient http, string query) => Names(await http.GetJsonAsync($"/vms{query}"));

    private static IEnumerable<string> Names(JsonElement vms) => vms.EnumerateArray().Select(vm => vm.Text("name"));

    private static async Task<(IEnumerable<string> Names, string? Next)> PageAsync(HttpClient http, string path)
    {
        using var response = await http.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
        var link = response.Headers.TryGetValues("Link", out var links) ? links.Single() : null;
        return (Names(await response.ReadJsonAsync()), link?.Split('>')[0].TrimStart('<'));
    }
}
