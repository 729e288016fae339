using System.Net;
using AutoProvision.Fakes;
using AutoProvision.Provisioning.Reconciliation;
using AutoProvision.Vms;

namespace AutoProvision.Api;

/// <summary>A VM keeps so many events and no more; whoever resumes before them is told so.</summary>
public sealed class TrimmedEventTests
{
    private const int Limit = 30_000;
    private const int Most = 100;
    private static readonly (string, string)[] Settings = [.. Rounds.Settings, ("Vms:MaxEvents", $"{Most}")];

    [Fact(Timeout = Limit)]
    public async Task A_VMs_stream_begins_with_the_oldest_event_that_is_kept_and_refuses_to_resume_before_it()
    {
        await using var host = new FakeHost();
        var app = host.Start(Settings);
        using var first = app.CreateClient();
        var vm = await MakeAsync(first, app, "web");
        var newest = (await first.GetJsonAsync(vm)).GetProperty("version").GetInt64();
        var oldest = newest - Most + 1;

        await CheckAsync(first);
        using var second = (await host.KillAndStartAsync(app, Settings)).CreateClient();
        await CheckAsync(second);

        async Task CheckAsync(HttpClient http)
        {
            foreach (var id in (long[])[0, 1, oldest - 2])
            {
                using var refused = await http.OpenEventsAsync(vm, $"{id}");
                Assert.Equal("event_id_expired", (await refused.ReadProblemAsync(HttpStatusCode.Gone)).Text("code"));
            }
            var all = await http.FollowAsync(vm, item => item.EventId == $"{newest}");
            Assert.Equal(Sequence(oldest, newest), all.Select(item => item.EventId));
            var resumed = await http.FollowAsync(vm, item => item.EventId == $"{newest}", after: oldest - 1);
            Assert.Equal(all.Select(item => item.Data.GetRawText()), resumed.Select(item => item.Data.GetRawText()));
        }
    }

    [Fact(Timeout = Limit)]
    public async Task The_stream_of_a_deleted_VM_gives_those_that_are_kept_and_ends()
    {
        await using var host = new FakeHost();
        var app = host.Start(Settings);
        using var http = app.CreateClient();
        var vm = await MakeAsync(http, app, "web");

        await http.DeleteVmAsync(vm);
        await http.GetJsonAsync($"{vm}?wait=deleted");
        var events = await http.FollowAsync(vm);

        Assert.Equal(Most, events.Count);
        Assert.Equal("deleted", events[^1].Data.Text("state"));
    }

    [Fact(Timeout = Limit)]
    public async Task The_stream_of_all_VMs_refuses_to_resume_before_what_was_trimmed_unless_only_others_are_wanted()
    {
        await using var host = new FakeHost();
        var app = host.Start(Settings);
        using var first = app.CreateClient();
        var quiet = await first.CreateVmAsync("""{"name": "quiet"}""");
        await first.UntilAsync(quiet, "ready");
        var busy = await MakeAsync(first, app, "busy");
        var newest = app.Get<VmStore>().Events.Last;
        var trimmed = newest - Most;

        await CheckAsync(first);
        using var second = (await host.KillAndStartAsync(app, Settings)).CreateClient();
        await CheckAsync(second);

        async Task CheckAsync(HttpClient http)
        {
            await RefusedAsync(http, "", trimmed - 1);
            await RefusedAsync(http, "", 1);
            await RefusedAsync(http, $"?vm={busy["/vms/".Length..]}", trimmed - 1);
            await RefusedAsync(http, $"?vm={quiet["/vms/".Length..]}&vm={busy["/vms/".Length..]}", 1);
            await TakenAsync(http, "", trimmed, Sequence(trimmed + 1, newest));
            await TakenAsync(http, $"?vm={busy["/vms/".Length..]}", trimmed, Sequence(trimmed + 1, newest));
            using var its = await http.OpenAllEventsAsync($"?vm={quiet["/vms/".Length..]}", "1");
            Assert.Equal(HttpStatusCode.OK, its.StatusCode);
            // All that is kept, with the quiet one's first event.
            var kept = await http.FollowAllAsync("?from=oldest", null, item => item.EventId == $"{newest}");
            Assert.Equal(("1", $"{trimmed + 1}"), (kept[0].EventId, kept.First(item => item.Data.Text("name") == "busy").EventId));
        }
    }

    [Fact(Timeout = Limit)]
    public async Task A_lower_bound_holds_for_the_events_that_there_are_as_well()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var before = app.CreateClient();
        var vm = await MakeAsync(before, app, "web");
        Assert.Equal("1", (await before.FollowAsync(vm, _ => true))[0].EventId);
        await app.DisposeAsync();

        app = host.Start(Settings);
        using var http = app.CreateClient();

        var newest = (await http.GetJsonAsync(vm)).GetProperty("version").GetInt64();
        Assert.Equal($"{newest - Most + 1}", (await http.FollowAsync(vm, _ => true))[0].EventId);
        await RefusedAsync(http, "", 1);
        Assert.Equal(Most, app.Get<VmStore>().Events.CountAfter(0, EventFilter.All));
    }

    private static async Task<string> MakeAsync(HttpClient http, AutoProvisionApp app, string name)
    {
        var vm = await http.CreateVmAsync($$"""{"name": "{{name}}"}""");
        await http.UntilAsync(vm, "ready");
        TestStore.Report(app.Get<VmStore>(), Rounds.Id(vm), 3 * Most);
        return vm;
    }

    private static async Task RefusedAsync(HttpClient http, string query, long after)
    {
        using var refused = await http.OpenAllEventsAsync(query, $"{after}");
        Assert.Equal("event_id_expired", (await refused.ReadProblemAsync(HttpStatusCode.Gone)).Text("code"));
    }

    private static async Task TakenAsync(HttpClient http, string query, long after, IEnumerable<string> ids)
    {
        var last = ids.Last();
        Assert.Equal(ids, (await http.FollowAllAsync(query, $"{after}", item => item.EventId == last)).Select(item => item.EventId));
    }

    private static IEnumerable<string> Sequence(long first, long last) => Enumerable.Range(0, (int)(last - first + 1)).Select(index => $"{first + index}");
}
