using System.Net;
using AutoProvision.Fakes;
using AutoProvision.Provisioning.Reconciliation;
using AutoProvision.Vms;

namespace AutoProvision.Webhooks;

/// <summary>Webhooks across restarts of the service, and what is kept for endpoints that are away.</summary>
public sealed class RestartTests
{
    private const int Limit = 60_000;

    [Fact(Timeout = Limit)]
    public async Task A_killed_service_loses_nothing_and_repeats_the_last_one_at_most()
    {
        await using var host = new FakeHost();
        await using var receiver = await Receiver.StartAsync();
        var hook = Hook("ci", receiver.Url);
        var app = host.Start(hook);
        using var first = app.CreateClient();
        await first.CreateVmAsync();
        var taken = await receiver.UntilAsync(delivery => delivery.Event.Text("type") == "step.started" && delivery.Event.Text("step") == "domain");

        app = await host.KillAndStartAsync(app, hook);
        using var http = app.CreateClient();
        taken.AddRange(await receiver.UntilAsync(delivery => delivery.Event.Text("state") == "ready"));

        // What the killed one told after the copy of its disk was made is told once more; nothing is missing.
        var positions = taken.Select(delivery => delivery.Position).ToList();
        Assert.All(positions.Zip(positions.Skip(1)), pair => Assert.True(pair.Second <= pair.First + 1, $"{pair.First} then {pair.Second}"));
    }

    [Fact(Timeout = Limit)]
    public async Task What_happens_while_an_endpoint_is_away_waits_for_it_over_a_restart_and_longer_than_deleted_VMs_are_kept()
    {
        await using var host = new FakeHost();
        var gone = await Receiver.StartAsync();
        var port = gone.Port;
        (string, string)[] settings = [.. Rounds.Settings, .. Hook("ci", gone.Url)];
        await gone.DisposeAsync();
        var app = host.Start(settings);
        using var first = app.CreateClient();
        var vm = await Rounds.ReadyAsync(first);
        await Rounds.DeleteAsync(first, vm);
        host.Time.Advance(TimeSpan.FromHours(2));
        Forget(host, app);
        await first.GetJsonAsync(vm);
        await app.DisposeAsync();
        await using var receiver = await Receiver.StartAsync(port);

        app = host.Start(settings);
        using var http = app.CreateClient();
        var taken = await receiver.UntilAsync(delivery => delivery.Event.Text("state") == "deleted");

        Assert.Equal(Enumerable.Range(1, taken.Count).Select(position => (long)position), taken.Select(delivery => delivery.Position));
        // With the next one it is known that the endpoint's place is after the last.
        await http.CreateVmAsync();
        await receiver.NextAsync();
        Forget(host, app);
        await http.GetJsonAsync(vm, HttpStatusCode.NotFound);
    }

    [Fact(Timeout = Limit)]
    public async Task What_an_endpoint_does_not_take_for_too_long_is_dropped_and_that_is_logged()
    {
        await using var host = new FakeHost();
        await using var receiver = await Receiver.StartAsync();
        receiver.Answers.Enqueue(Receiver.Status(500));
        var app = host.Start([.. Hook("ci", receiver.Url), ("Webhooks:Endpoints:ci:Types:0", "state"), ("Webhooks:RetryDelay", "01:00:00"), ("Webhooks:MaxRetryDelay", "1.00:00:00"), ("Webhooks:MaxAge", "00:20:00")]);
        using var http = app.CreateClient();
        var old = await Rounds.ReadyAsync(http);
        await receiver.NextAsync();
        await host.Time.WaitedForAsync(WebhookBackoff.Delay(Hourly, "ci", 1, null));
        host.Time.Advance(TimeSpan.FromMinutes(15));
        await http.DeleteVmAsync(old);
        await http.FollowAsync(old);

        host.Time.Advance(TimeSpan.FromMinutes(30));
        await http.UntilAsync(await http.CreateVmAsync("""{"name": "new"}"""), "ready");
        host.Time.Advance(TimeSpan.FromMinutes(15));

        Assert.Equal("new", (await receiver.NextAsync()).Event.Text("name"));
        await receiver.UntilAsync(delivery => delivery.Event.Text("state") == "ready");
        Assert.Equal(5, (await http.GetJsonAsync("/webhooks"))[0].GetProperty("dropped").GetInt32());
        Assert.Equal(5, host.Log.Troubles.Count(line => line.Contains("is dropped", StringComparison.Ordinal)));
    }

    [Fact(Timeout = Limit)]
    public async Task An_endpoint_gets_the_newest_events_of_a_VM_that_had_too_many_before_it_took_them_and_that_is_logged()
    {
        await using var host = new FakeHost();
        await using var receiver = await Receiver.StartAsync();
        var slow = new TaskCompletionSource();
        receiver.Answers.Enqueue(_ => slow.Task);
        var app = host.Start([.. Rounds.Settings, .. Hook("ci", receiver.Url), ("Vms:MaxEvents", "100")]);
        using var http = app.CreateClient();
        var vm = await Rounds.ReadyAsync(http);
        TestStore.Report(app.Get<VmStore>(), Rounds.Id(vm), 1000);
        var newest = app.Get<VmStore>().Events.Last;

        slow.SetResult();
        var positions = (await receiver.UntilAsync(delivery => delivery.Position == newest)).Select(delivery => delivery.Position).ToList();

        Assert.Equal(positions.Order(), positions);
        Assert.Equal(Enumerable.Range(0, 100).Select(index => newest - 99 + index), positions[^100..]);
        Assert.InRange(positions.Count, 101, 400);
        Assert.Single(host.Log.Troubles, line => line.Contains("Vms:MaxEvents", StringComparison.Ordinal));
    }

    [Fact(Timeout = Limit)]
    public async Task An_endpoint_that_left_the_settings_holds_nothing_back_and_one_that_is_new_begins_with_the_present()
    {
        await using var host = new FakeHost();
        await using var receiver = await Receiver.StartAsync();
        receiver.Answers.Enqueue(Receiver.Status(500));
        var app = host.Start([.. Rounds.Settings, .. Hook("old", receiver.Url)]);
        using var first = app.CreateClient();
        var vm = await Rounds.ReadyAsync(first);
        await receiver.NextAsync();
        await Rounds.DeleteAsync(first, vm);
        await app.DisposeAsync();
        host.Time.Advance(TimeSpan.FromHours(2));

        app = host.Start([.. Rounds.Settings, .. Hook("new", receiver.Url)]);
        using var http = app.CreateClient();
        await http.CreateVmAsync("""{"name": "later"}""");

        Assert.Equal("later", (await receiver.NextAsync()).Event.Text("name"));
        await receiver.UntilAsync(delivery => delivery.Event.Text("state") == "ready");
        Forget(host, app);
        await http.GetJsonAsync(vm, HttpStatusCode.NotFound);
    }

    // As a round of the reconciliation does.
    private static void Forget(FakeHost host, AutoProvisionApp app) => app.Get<VmStore>().Forget(host.Time.GetUtcNow() - TimeSpan.FromHours(1), TestContext.Current.CancellationToken);

    private static WebhooksOptions Hourly => new() { RetryDelay = TimeSpan.FromHours(1), MaxRetryDelay = TimeSpan.FromDays(1) };

    private static (string, string)[] Hook(string name, string url) =>
        [($"Webhooks:Endpoints:{name}:Url", url), ($"Webhooks:Endpoints:{name}:Secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")];
}
