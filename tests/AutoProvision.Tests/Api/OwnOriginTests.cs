using System.Net;
using AutoProvision.Fakes;
using AutoProvision.Vms;

namespace AutoProvision.Api;

/// <summary>What web pages may have a browser send to the service.</summary>
public sealed class OwnOriginTests
{
    private const int Limit = 30_000;

    [Theory(Timeout = Limit)]
    [InlineData("https://evil.example", false)]
    [InlineData("http://localhost.evil.example", false)]
    [InlineData("http://localhost:8080", false)]
    [InlineData("http://127.0.0.1", false)]
    [InlineData("null", false)]
    [InlineData("http://localhost", true)]
    [InlineData("http://LOCALHOST:80", true)]
    public async Task Only_a_page_of_our_own_changes_anything(string origin, bool served)
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var http = app.CreateClient();
        var vm = await http.ReadyVmAsync();
        http.DefaultRequestHeaders.Add("Origin", origin);

        // No body: a browser asks nobody before it sends these.
        foreach (var path in (string[])["/vms", $"{vm}/restart"])
            await ShowAsync(http, HttpMethod.Post, path, served);
        await ShowAsync(http, HttpMethod.Put, $"{vm}/files?path=/tmp/a", served);
        Assert.Equal(1 + (served ? 1 : 0), app.Get<VmStore>().List().Count);
        await ShowAsync(http, HttpMethod.Delete, $"{vm}/files?path=/tmp/a", served);
        await ShowAsync(http, HttpMethod.Delete, vm, served);

        using var read = await http.GetAsync(new Uri("/vms", UriKind.Relative), TestContext.Current.CancellationToken);
        // Without Access-Control-Allow-Origin the browser keeps the answer from the page.
        Assert.Equal((HttpStatusCode.OK, false), (read.StatusCode, read.Headers.Contains("Access-Control-Allow-Origin")));
    }

    private static async Task ShowAsync(HttpClient http, HttpMethod method, string path, bool served)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Add("Prefer", "wait=20");
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        if (served)
            Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {response.StatusCode}");
        else
            Assert.Equal("origin_not_allowed", (await response.ReadProblemAsync(HttpStatusCode.Forbidden)).Text("code"));
    }
}
