using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using AutoProvision.Fakes;
using AutoProvision.Provisioning.Reconciliation;
using AutoProvision.Vms;

namespace AutoProvision.Api;

/// <summary>GET /events: the events of all VMs.</summary>
public sealed class GlobalEventTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task It_has_every_event_of_every_VM_once_in_order_and_as_their_own_streams_have_them()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vms = await MakeAsync(http, "one", "two", "three");

        var all = await http.FollowAllAsync("?from=oldest", null, Deletions(vms.Length));

        Assert.Equal(Enumerable.Range(1, all.Count).Select(id => $"{id}"), all.Select(item => item.EventId));
        Assert.All(all, item => Assert.Equal(item.EventId, item.Data.GetProperty("position").ToString()));
        foreach (var (vm, name) in vms.Zip((string[])["one", "two", "three"]))
        {
            var its = all.Where(item => item.Data.Text("name") == name).ToList();
            Assert.All(its, item => Assert.Equal(vm, $"/vms/{item.Data.Text("vm")}"));
            Assert.Equal((await http.FollowAsync(vm)).Select(item => item.Data.GetRawText()), its.Select(item => item.Data.GetRawText()));
        }
    }

    [Fact(Timeout = Limit)]
    public async Task It_resumes_without_gap_or_repeat_after_every_event_and_after_a_restart_or_a_kill()
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var http = app.CreateClient();
        var vms = await MakeAsync(http, "one", "two");
        var all = await http.FollowAllAsync("?from=oldest", null, Deletions(vms.Length));
        Func<SseItem<JsonElement>, bool> last = item => item.EventId == all[^1].EventId;
        foreach (var after in Enumerable.Range(0, all.Count))
            Assert.Equal(Raw(all.Skip(after)), Raw(await http.FollowAllAsync("", $"{after}", last)));
        await app.DisposeAsync();

        var second = host.Start();
        using var again = second.CreateClient();
        Assert.Equal(Raw(all.Skip(7)), Raw(await again.FollowAllAsync("", "7", last)));
        using var third = (await host.KillAndStartAsync(second)).CreateClient();
        await MakeAsync(third, "three");
        var more = await third.FollowAllAsync("", all[^1].EventId, Deletions(1));

        Assert.Equal(Enumerable.Range(all.Count + 1, more.Count).Select(id => $"{id}"), more.Select(item => item.EventId));
        Assert.All(more, item => Assert.Equal("three", item.Data.Text("name")));
    }

    [Fact(Timeout = Limit)]
    public async Task Without_an_id_it_begins_with_the_present_and_gives_at_once_an_id_to_resume_after()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        await MakeAsync(http, "before");
        using var response = await http.OpenAllEventsAsync("");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        var mark = (await reader.ReadLineAsync(TestContext.Current.CancellationToken))!;
        Assert.Equal("", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
        await MakeAsync(http, "after");

        var first = await reader.ReadLineAsync(TestContext.Current.CancellationToken);
        var resumed = await http.FollowAllAsync("", mark["id: ".Length..], Deletions(1));

        Assert.Equal($"id: {resumed[0].EventId}", first);
        Assert.All(resumed, item => Assert.Equal("after", item.Data.Text("name")));
        Assert.Equal("1", resumed[0].Data.GetProperty("seq").ToString());
    }

    [Fact(Timeout = Limit)]
    public async Task Filters_leave_out_what_is_not_wanted_and_the_heartbeat_tells_how_far_that_went()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vms = await MakeAsync(http, "one", "two");
        var all = await http.FollowAllAsync("?from=oldest", null, Deletions(2));
        var two = vms[1]["/vms/".Length..];

        var some = await http.FollowAllAsync($"?from=oldest&vm={two}&type=state&type=step.undone", null, Deletions(1));

        Assert.Equal(Raw(all.Where(item => item.Data.Text("name") == "two" && item.EventType is "state" or "step.undone" && item.Data.Text("name") == "two")), Raw(some));
        using var quiet = await http.OpenAllEventsAsync("?type=step.failed&from=oldest");
        using var reader = new StreamReader(await quiet.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        Assert.Equal("id: 0", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
        Assert.Equal("", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
        await host.Time.PassUntilAsync(TimeSpan.FromSeconds(15), reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask(), ": still here");
        Assert.Equal($"id: {all[^1].EventId}", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
    }

    [Fact(Timeout = Limit)]
    public async Task What_was_forgotten_is_no_silent_gap()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var stays = await http.CreateVmAsync("""{"name": "stays"}""");
        await http.UntilAsync(stays, "ready");
        var seen = (await http.FollowAllAsync("?from=oldest", null, item => item.Data.Text("state") == "ready"))[^1].EventId!;
        await MakeAsync(http, "goes");
        var newest = (await http.FollowAllAsync("", seen, Deletions(1)))[^1].EventId!;
        host.Time.Advance(TimeSpan.FromHours(2));
        app.Get<VmStore>().Forget(host.Time.GetUtcNow() - TimeSpan.FromHours(1), TestContext.Current.CancellationToken);
        await app.DisposeAsync();
        using var again = host.Start(Rounds.Settings).CreateClient();

        using var refused = await again.OpenAllEventsAsync("", seen);
        Assert.Equal("event_id_expired", (await refused.ReadProblemAsync(HttpStatusCode.Gone)).Text("code"));
        using var current = await again.OpenAllEventsAsync("", newest);
        Assert.Equal(HttpStatusCode.OK, current.StatusCode);
        // Of a VM that is still there nothing was forgotten.
        using var its = await again.OpenAllEventsAsync($"?vm={stays["/vms/".Length..]}", seen);
        Assert.Equal(HttpStatusCode.OK, its.StatusCode);
        var kept = await again.FollowAllAsync("?from=oldest", null, item => item.EventId == seen);
        Assert.All(kept, item => Assert.Equal("stays", item.Data.Text("name")));
        await MakeAsync(again, "new");
        var next = await again.FollowAllAsync("", newest, Deletions(1));
        Assert.Equal(long.Parse(newest) + 1, long.Parse(next[0].EventId!));
    }

    [Theory(Timeout = Limit)]
    [InlineData("", "x", "event_id_invalid")]
    [InlineData("", "-1", "event_id_invalid")]
    [InlineData("", "1", "event_id_invalid")]
    [InlineData("?from=yesterday", null, "from_invalid")]
    [InlineData("?type=state&type=State", null, "event_type_unknown")]
    [InlineData("?type=power&from=x", "7", "event_id_invalid", "from_invalid", "event_type_unknown")]
    public async Task A_bad_request_is_told_everything_that_is_wrong(string query, string? id, params string[] codes)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        using var response = await http.OpenAllEventsAsync(query, id);

        var problem = await response.ReadProblemAsync(HttpStatusCode.BadRequest);
        Assert.Equal(codes, problem.GetProperty("errors").EnumerateArray().Select(fault => fault.Text("code")));
    }

    [Fact(Timeout = Limit)]
    public async Task A_VM_that_is_not_there_cannot_be_followed()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        using var response = await http.OpenAllEventsAsync($"?vm={Guid.NewGuid()}");

        Assert.Equal("vm_not_found", (await response.ReadProblemAsync(HttpStatusCode.NotFound)).Text("code"));
    }

    [Fact(Timeout = Limit)]
    public async Task Every_step_that_ends_says_how_long_it_took_and_why_it_failed()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Steps.FailAt(FaultyStep.After("domain"), Provisioning.Faults.Known);
        await http.CreateVmAsync();

        var ends = (await http.FollowAllAsync("?from=oldest", null, item => item.Data.Text("state") == "failed"))
            .Where(item => item.EventType.StartsWith("step.", StringComparison.Ordinal) && item.EventType != "step.started").ToList();

        Assert.Equal(["step.completed", "step.failed", "step.undone"], ends.Select(item => item.EventType).Distinct());
        Assert.All(ends, item => Assert.True(item.Data.GetProperty("durationMs").GetInt64() >= 0));
        Assert.All(ends, item => Assert.Equal(item.EventType == "step.failed", item.Data.TryGetProperty("failure", out _)));
    }

    /// <summary>Makes VMs one after the other and deletes them.</summary>
    private static async Task<string[]> MakeAsync(HttpClient http, params string[] names)
    {
        List<string> vms = [];
        foreach (var name in names)
        {
            vms.Add(await http.CreateVmAsync($$"""{"name": "{{name}}"}"""));
            await http.UntilAsync(vms[^1], "ready");
        }
        foreach (var vm in vms)
            await Rounds.DeleteAsync(http, vm);
        return [.. vms];
    }

    private static Func<SseItem<JsonElement>, bool> Deletions(int count) =>
        item => item.EventType == "state" && item.Data.Text("state") == "deleted" && --count == 0;

    private static IEnumerable<string> Raw(IEnumerable<SseItem<JsonElement>> events) => events.Select(item => $"{item.EventId} {item.EventType} {item.Data.GetRawText()}");
}
