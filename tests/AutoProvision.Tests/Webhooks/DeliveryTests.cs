using System.Security.Cryptography;
using System.Text;
using AutoProvision.Fakes;
using AutoProvision.Provisioning.Reconciliation;
using Microsoft.Extensions.Hosting;

namespace AutoProvision.Webhooks;

/// <summary>What endpoints get, on the whole service with real receivers.</summary>
public sealed class DeliveryTests
{
    private const int Limit = 60_000;
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    [Fact(Timeout = Limit)]
    public async Task An_endpoint_gets_the_records_of_the_stream_in_order_and_each_is_signed()
    {
        await using var host = new FakeHost();
        await using var receiver = await Receiver.StartAsync();
        using var http = host.Start(Hook("ci", receiver.Url)).CreateClient();
        await Rounds.DeleteAsync(http, await Rounds.ReadyAsync(http));

        var taken = await receiver.UntilAsync(IsDeleted);

        var stream = await http.FollowAllAsync("?from=oldest", null, item => item.Data.Text("state") == "deleted");
        Assert.Equal(stream.Select(item => item.Data.GetRawText()), taken.Select(delivery => Encoding.UTF8.GetString(delivery.Body)));
        Assert.Equal(taken.Count, taken.Select(delivery => delivery.Id).Distinct().Count());
        Assert.All(taken, delivery => Assert.Equal(Signature(delivery), delivery.Headers["webhook-signature"]));
        Assert.All(taken, delivery => Assert.Equal(host.Time.GetUtcNow().ToUnixTimeSeconds().ToString(), delivery.Headers["webhook-timestamp"]));
        Assert.All(taken, delivery => Assert.Equal("application/json", delivery.Headers["Content-Type"]));
        Assert.DoesNotContain(host.Log.All, line => line.Contains("hidden", StringComparison.Ordinal) || line.Contains(Secret[6..], StringComparison.Ordinal));
    }

    [Fact(Timeout = Limit)]
    public async Task Only_the_types_asked_for_are_sent()
    {
        await using var host = new FakeHost();
        await using var receiver = await Receiver.StartAsync();
        using var http = host.Start([.. Hook("ci", receiver.Url), ("Webhooks:Endpoints:ci:Types:0", "state"), ("Webhooks:Endpoints:ci:Types:1", "step.failed")]).CreateClient();
        await Rounds.DeleteAsync(http, await Rounds.ReadyAsync(http));

        var taken = await receiver.UntilAsync(IsDeleted);

        Assert.Equal(["queued", "provisioning", "ready", "deleting", "deleted"], taken.Select(delivery => delivery.Event.Text("state")));
        Assert.All(taken, delivery => Assert.Equal("state", delivery.Event.Text("type")));
    }

    [Fact(Timeout = Limit)]
    public async Task What_was_not_taken_is_offered_again_ever_more_slowly_with_the_same_id_and_nothing_overtakes_it()
    {
        await using var host = new FakeHost();
        await using var receiver = await Receiver.StartAsync();
        foreach (var answer in new[] { Receiver.Status(500), Receiver.Break, Receiver.Break, Receiver.Status(302, "Location", "/elsewhere"), Receiver.Status(404) })
            receiver.Answers.Enqueue(answer);
        using var http = host.Start(Hook("ci", receiver.Url)).CreateClient();
        var vm = await Rounds.ReadyAsync(http);

        for (var failures = 1; failures <= 4; failures++)
        {
            var wait = WebhookBackoff.Delay(new WebhooksOptions(), "ci", failures, null);
            Assert.InRange(wait.TotalSeconds, 0.8 * Math.Pow(2, failures - 1), Math.Pow(2, failures - 1));
            await host.Time.PassAsync(wait);
        }
        await Rounds.DeleteAsync(http, vm);
        var taken = await receiver.UntilAsync(IsDeleted);

        Assert.Equal([1, 1, 1, 1, 1, 1, 2, 3], taken.Take(8).Select(delivery => delivery.Position));
        Assert.Equal(taken.Skip(5).Select(delivery => delivery.Position), Enumerable.Range(1, taken.Count - 5).Select(position => (long)position));
        Assert.Single(taken.Take(6).Select(delivery => delivery.Id).Distinct());
        Assert.True(long.Parse(taken[0].Headers["webhook-timestamp"]) < long.Parse(taken[5].Headers["webhook-timestamp"]));
        Assert.All(taken, delivery => Assert.Equal(Signature(delivery), delivery.Headers["webhook-signature"]));
        Assert.False(receiver.Elsewhere);
        Assert.Single(host.Log.Troubles);
    }

    [Fact(Timeout = Limit)]
    public async Task One_that_does_not_answer_in_time_is_asked_again()
    {
        await using var host = new FakeHost();
        await using var receiver = await Receiver.StartAsync();
        receiver.Answers.Enqueue(Receiver.Hang);
        using var http = host.Start(Hook("ci", receiver.Url)).CreateClient();
        await http.CreateVmAsync();
        await receiver.NextAsync();

        await host.Time.PassAsync(TimeSpan.FromSeconds(10));
        await host.Time.WaitedForAsync(Wait(1));
        var status = Assert.Single((await http.GetJsonAsync("/webhooks")).EnumerateArray());
        Assert.Equal(("retrying", "webhook_timeout"), (status.Text("state"), status.GetProperty("failure").Text("code")));
        await host.Time.PassAsync(Wait(1));

        Assert.Equal(1, (await receiver.NextAsync()).Position);
        await receiver.UntilAsync(delivery => delivery.Event.Text("state") == "ready");
    }

    [Fact(Timeout = Limit)]
    public async Task Retry_After_is_honoured()
    {
        await using var host = new FakeHost();
        await using var receiver = await Receiver.StartAsync();
        receiver.Answers.Enqueue(Receiver.Status(503, "Retry-After", "77"));
        using var http = host.Start(Hook("ci", receiver.Url)).CreateClient();
        await http.CreateVmAsync();

        await host.Time.PassAsync(TimeSpan.FromSeconds(77));

        Assert.Equal((1, 1), ((await receiver.NextAsync()).Position, (await receiver.NextAsync()).Position));
    }

    [Fact(Timeout = Limit)]
    public async Task A_dead_endpoint_holds_up_no_other_and_its_status_says_what_is_wrong()
    {
        await using var host = new FakeHost();
        await using var gone = await Receiver.StartAsync();
        await using var alive = await Receiver.StartAsync();
        var (port, url) = (gone.Port, gone.Url);
        await gone.DisposeAsync();
        using var http = host.Start([.. Hook("dead", url), .. Hook("alive", alive.Url)]).CreateClient();
        var vm = await Rounds.ReadyAsync(http);
        var taken = await alive.UntilAsync(delivery => delivery.Event.Text("state") == "ready");
        await host.Time.WaitedForAsync(WebhookBackoff.Delay(new WebhooksOptions(), "dead", 1, null));

        var statuses = (await http.GetJsonAsync("/webhooks")).EnumerateArray().ToList();

        Assert.Equal(["alive", "dead"], statuses.Select(status => status.Text("name")));
        Assert.Equal($"http://127.0.0.1:{port}/hook", statuses[1].Text("url"));
        Assert.Equal((taken.Count, "retrying", "webhook_unreachable"),
            (statuses[1].GetProperty("pending").GetInt32(), statuses[1].Text("state"), statuses[1].GetProperty("failure").Text("code")));
        Assert.Equal(0, statuses[1].GetProperty("position").GetInt64());
        Assert.True(statuses[1].GetProperty("nextAttemptAt").GetDateTimeOffset() > host.Time.GetUtcNow());
        Assert.DoesNotContain("hidden", string.Join(' ', statuses), StringComparison.Ordinal);
        Assert.DoesNotContain("whsec", string.Join(' ', statuses), StringComparison.Ordinal);
        await using var back = await Receiver.StartAsync(port);
        await host.Time.PassAsync(WebhookBackoff.Delay(new WebhooksOptions(), "dead", 1, null));
        Assert.Equal(taken.Select(delivery => delivery.Id), (await back.UntilAsync(delivery => delivery.Event.Text("state") == "ready")).Select(delivery => delivery.Id));
        await Rounds.DeleteAsync(http, vm);
    }

    [Fact(Timeout = Limit)]
    public async Task An_endpoint_that_answers_410_gets_nothing_more_until_the_next_start_and_then_the_present()
    {
        await using var host = new FakeHost();
        await using var receiver = await Receiver.StartAsync();
        await using var other = await Receiver.StartAsync();
        receiver.Answers.Enqueue(Receiver.Status(410));
        var hooks = Hook("ci", receiver.Url).Concat(Hook("other", other.Url)).ToArray();
        var app = host.Start(hooks);
        using var http = app.CreateClient();
        await Rounds.ReadyAsync(http);
        await other.UntilAsync(delivery => delivery.Event.Text("state") == "ready");

        while ((await http.GetJsonAsync("/webhooks"))[0].Text("state") != "gone")
            await Task.Yield();
        Assert.Single(receiver.All);
        await app.DisposeAsync();
        using var again = host.Start(hooks).CreateClient();
        await again.CreateVmAsync("""{"name": "later"}""");
        await receiver.NextAsync();
        Assert.Equal("later", (await receiver.NextAsync()).Event.Text("name"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_stop_is_prompt_though_an_endpoint_does_not_answer()
    {
        await using var host = new FakeHost();
        await using var receiver = await Receiver.StartAsync();
        receiver.Answers.Enqueue(Receiver.Hang);
        var app = host.Start(Hook("ci", receiver.Url));
        using var http = app.CreateClient();
        await Rounds.ReadyAsync(http);
        await receiver.NextAsync();

        await app.Get<IHost>().StopAsync(TestContext.Current.CancellationToken);

        Assert.Empty(host.Log.Troubles);
    }

    private static TimeSpan Wait(int failures) => WebhookBackoff.Delay(new WebhooksOptions(), "ci", failures, null);

    private static (string, string)[] Hook(string name, string url) => [($"Webhooks:Endpoints:{name}:Url", url), ($"Webhooks:Endpoints:{name}:Secret", Secret)];

    private static bool IsDeleted(Delivery delivery) => delivery.Event.Text("state") == "deleted";

    // As a receiver computes it.
    private static string Signature(Delivery delivery)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Convert.FromBase64String(Secret["whsec_".Length..]));
        hmac.AppendData(Encoding.ASCII.GetBytes(delivery.Headers["webhook-id"] + "." + delivery.Headers["webhook-timestamp"] + "."));
        hmac.AppendData(delivery.Body);
        return "v1," + Convert.ToBase64String(hmac.GetHashAndReset());
    }
}
