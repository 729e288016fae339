using System.Net;
using AutoProvision.Fakes;
using AutoProvision.Vms;

namespace AutoProvision.Api;

/// <summary>Which host names requests may be addressed to.</summary>
public sealed class AllowedHostTests
{
    private const int Limit = 30_000;

    [Theory(Timeout = Limit)]
    [InlineData("evil.example", false)]
    [InlineData("127.0.0.1.evil.example:5080", false)]
    [InlineData("localhost:5080", true)]
    [InlineData("127.0.0.1:5080", true)]
    [InlineData("[::1]:5080", true)]
    public async Task Only_a_host_that_is_ours_is_served(string name, bool served)
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var http = app.CreateClient();
        http.DefaultRequestHeaders.Host = name;

        using var response = await http.PostJsonAsync("/vms", "{}");

        if (served)
            await response.ReadJsonAsync(HttpStatusCode.Accepted);
        else
            Assert.Equal("host_not_allowed", (await response.ReadProblemAsync(HttpStatusCode.BadRequest)).Text("code"));
        Assert.Equal(served ? 1 : 0, app.Get<VmStore>().List().Count);
    }

    [Fact(Timeout = Limit)]
    public async Task Further_hosts_can_be_allowed()
    {
        await using var host = new FakeHost();
        using var http = host.Start(("AllowedHosts", "vms.example;*.lan")).CreateClient();
        http.DefaultRequestHeaders.Host = "a.lan:8080";

        Assert.Equal("ok", (await http.GetJsonAsync("/healthz")).Text("status"));
    }
}
