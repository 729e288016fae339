using System.Net;
using AutoProvision.Fakes;
using Microsoft.Extensions.Hosting;

namespace AutoProvision.Api;

public sealed class EventStreamTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task A_late_reader_sees_everything_once_and_in_order()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.CreateVmAsync();
        await http.UntilAsync(vm, "ready");
        await http.DeleteVmAsync(vm);

        var events = await http.FollowAsync(vm);

        Assert.Equal(Enumerable.Range(1, events.Count).Select(id => $"{id}"), events.Select(item => item.EventId));
        Assert.Equal(["queued", "provisioning", "ready", "deleting", "deleted"], events.Where(item => item.EventType == "state").Select(item => item.Data.Text("state")));
        Assert.Equal(
            ["image", "keys", "seed", "disk", "network", "domain", "address", "ssh", "cloud-init", "agent", "checks"],
            events.Where(item => item.EventType == "step.completed").Select(item => item.Data.Text("step")));
        Assert.Equal(
            ["checks", "agent", "cloud-init", "ssh", "address", "domain", "network", "disk", "seed", "keys", "image"],
            events.Where(item => item.EventType == "step.undone").Select(item => item.Data.Text("step")));
        Assert.All(events, item => Assert.Equal(item.EventId, item.Data.GetProperty("seq").ToString()));
    }

    [Fact(Timeout = Limit)]
    public async Task A_reader_that_comes_back_resumes_without_gap_or_repeat()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.CreateVmAsync();
        await http.UntilAsync(vm, "ready");
        await http.DeleteVmAsync(vm);
        var all = await http.FollowAsync(vm);

        foreach (var after in Enumerable.Range(0, all.Count))
            Assert.Equal(all.Skip(after).Select(item => item.EventId), (await http.FollowAsync(vm, after: after)).Select(item => item.EventId));
    }

    /// <summary>An EventSource comes back after every other answer.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_reader_that_has_had_the_last_event_of_a_deleted_VM_is_told_not_to_come_back()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.CreateVmAsync();
        var ready = await http.UntilAsync(vm, "ready");
        using (var open = await http.OpenEventsAsync(vm, ready.GetProperty("version").ToString()))
            Assert.Equal(HttpStatusCode.OK, open.StatusCode);
        await http.DeleteVmAsync(vm);
        var all = await http.FollowAsync(vm);

        using var over = await http.OpenEventsAsync(vm, all[^1].EventId);

        Assert.Equal((HttpStatusCode.NoContent, ""), (over.StatusCode, await over.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
        Assert.Equal([all[^1].EventId], (await http.FollowAsync(vm, after: all.Count - 1)).Select(item => item.EventId));
    }

    [Fact(Timeout = Limit)]
    public async Task Events_come_while_they_happen()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.After("domain"));
        var vm = await http.CreateVmAsync();
        var reading = http.FollowUntilAsync(vm, "ready");
        await gate.ReachedAsync();
        await http.FollowAsync(vm, item => item.EventType == "step.started" && item.Data.Text("step") == "domain");
        Assert.False(reading.IsCompleted);
        Assert.Equal("domain", (await http.GetJsonAsync(vm)).Text("step"));

        gate.Open();

        var events = await reading;
        Assert.Equal(Enumerable.Range(1, events.Count).Select(id => $"{id}"), events.Select(item => item.EventId));
    }

    [Theory(Timeout = Limit)]
    [InlineData("x")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("9999")]
    public async Task An_id_that_no_stream_gave_is_refused(string id)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.CreateVmAsync();

        using var response = await http.OpenEventsAsync(vm, id);

        await response.ReadProblemAsync(HttpStatusCode.BadRequest);
    }

    [Fact(Timeout = Limit)]
    public async Task A_quiet_stream_has_a_comment_every_15_seconds()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.CreateVmAsync();
        var ready = await http.UntilAsync(vm, "ready");
        using var response = await http.OpenEventsAsync(vm, ready.GetProperty("version").ToString());
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));

        for (var time = 0; time < 3; time++)
        {
            await host.Time.PassUntilAsync(TimeSpan.FromSeconds(15), reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask(), ": still here");
            Assert.Equal("", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
        }
    }

    [Fact(Timeout = Limit)]
    public async Task A_service_that_stops_tells_its_readers_when_to_come_back()
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var http = app.CreateClient();
        var vm = await http.CreateVmAsync();
        var ready = await http.UntilAsync(vm, "ready");
        using var response = await http.OpenEventsAsync(vm, ready.GetProperty("version").ToString());
        var reading = response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        await app.Get<IHost>().StopAsync(TestContext.Current.CancellationToken);

        Assert.EndsWith("\nretry: 3000\n\n", await reading, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task Readers_that_hang_up_leave_no_error_behind()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.CreateVmAsync();
        await http.UntilAsync(vm, "ready");
        for (var reader = 0; reader < 5; reader++)
            await http.FollowAsync(vm, item => item.EventId == "2");

        await http.DeleteVmAsync(vm);
        await http.FollowAsync(vm);

        Assert.Empty(host.Log.Troubles);
    }
}
