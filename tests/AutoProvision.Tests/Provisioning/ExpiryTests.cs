using AutoProvision.Fakes;
using System.Text;

namespace AutoProvision.Provisioning;

public sealed class ExpiryTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task A_VM_goes_when_its_time_is_over_and_says_so()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync("""{"expiresIn": "40s"}""");

        await host.Time.PassAsync(TimeSpan.FromSeconds(40));
        var events = await http.FollowAsync(vm);

        Assert.Contains(events, item => item.Data.Text("state") == "deleting" && item.Data.TryGetProperty("message", out var words) && words.GetString()!.Contains("expired", StringComparison.Ordinal));
        Assert.Equal("deleted", events[^1].Data.Text("state"));
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task An_expiry_is_extended_or_taken_away()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var one = await http.ReadyVmAsync("""{"expiresIn": "50s"}""");
        var other = await http.ReadyVmAsync("""{"expiresIn": "50s"}""");

        await PatchAsync(http, one, """{"expiresIn": "55s"}""");
        await PatchAsync(http, other, """{"expiresAt": null}""");
        await host.Time.PassAsync(TimeSpan.FromSeconds(55));
        await http.FollowAsync(one);

        Assert.Equal("deleted", (await http.GetJsonAsync(one)).Text("state"));
        Assert.Equal("ready", (await http.GetJsonAsync(other)).Text("state"));
    }

    [Fact(Timeout = Limit)]
    public async Task What_was_due_while_the_service_was_away_goes_at_its_start()
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var http = app.CreateClient();
        var vm = await http.ReadyVmAsync("""{"expiresIn": "2h"}""");

        await app.DisposeAsync();
        host.Time.Advance(TimeSpan.FromHours(3));
        using var again = host.Start().CreateClient();
        await again.FollowAsync(vm);

        Assert.Equal("deleted", (await again.GetJsonAsync(vm)).Text("state"));
        Assert.Empty(host.Traces);
    }

    private static async Task PatchAsync(HttpClient http, string vm, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await http.PatchAsync(new Uri(vm, UriKind.Relative), content, TestContext.Current.CancellationToken);
        await response.ReadJsonAsync();
    }
}
