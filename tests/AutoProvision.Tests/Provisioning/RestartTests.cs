using System.Net.ServerSentEvents;
using System.Text.Json;
using AutoProvision.Fakes;
using AutoProvision.Hypervisors;
using AutoProvision.Vms.Journal;
using Microsoft.Data.Sqlite;

namespace AutoProvision.Provisioning;

/// <summary>What another start finds, after a stop in good order and after a kill.</summary>
public sealed class RestartTests
{
    private const int Limit = 30_000;
    private static readonly (string, string)[] Settings = [("Ssh:UseAgent", "true"), ("Provisioning:Concurrency", "1")];

    public static TheoryData<string, string> EveryPoint => Faults.EveryPoint();

    [Theory(Timeout = Limit), MemberData(nameof(EveryPoint))]
    public async Task A_VM_in_the_making_when_the_service_was_killed_goes_on_after_the_last_step_that_was_done(string step, string moment)
    {
        await using var host = new FakeHost();
        var first = host.Start(Settings);
        using var before = first.CreateClient();
        var gate = host.Steps.BlockAt(Faults.Point(step, moment));
        var vm = await before.CreateVmAsync("""{"name": "web"}""");
        await gate.ReachedAsync();
        host.Steps.Clear(Faults.Point(step, moment));

        using var http = (await host.KillAndStartAsync(first, Settings)).CreateClient();
        var events = await http.FollowUntilAsync(vm, "ready");

        Assert.Equal(Enumerable.Range(1, events.Count).Select(id => $"{id}"), events.Select(item => item.EventId));
        Assert.Equal(["queued", "provisioning", "queued", "provisioning", "ready"], events.Where(item => item.EventType == "state").Select(item => item.Data.Text("state")));
        // The step that was cut off is undone and done again, but for a domain, which is taken over; the others are done once.
        Assert.Equal(step == "domain" ? [] : [step], StepsOf(events, "step.undone"));
        Assert.Equal(Faults.Steps, StepsOf(events, "step.completed"));
        Assert.Equal(Faults.Steps.SelectMany(name => name == step ? [name, name] : new[] { name }), StepsOf(events, "step.started"));
        Assert.Equal(5, host.Hypervisor.Inventory.Count);
        Assert.Single(host.Tools.AgentKeys);
        await http.DeleteVmAsync(vm);
        await http.FollowAsync(vm);
        Assert.Empty(host.Traces);
    }

    [Theory(Timeout = Limit)]
    [InlineData("removed")]
    [InlineData("switched off")]
    public async Task A_VM_whose_domain_went_while_the_service_was_down_is_made_anew(string how)
    {
        await using var host = new FakeHost();
        var first = host.Start(Settings);
        using var before = first.CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("ssh"));
        var vm = await before.CreateVmAsync("""{"name": "web"}""");
        await gate.ReachedAsync();
        host.Steps.Clear(FaultyStep.Before("ssh"));
        var id = Assert.Single(host.Hypervisor.Domains).Key;
        if (how == "removed")
            host.Hypervisor.Domains.TryRemove(id, out _);
        else
            host.Hypervisor.SetPower(id, DomainPower.Stopped);

        using var http = (await host.KillAndStartAsync(first, Settings)).CreateClient();
        var events = await http.FollowUntilAsync(vm, "ready");

        Assert.Equal(["ssh", "address", "domain", "network", "disk", "seed", "keys", "image"], StepsOf(events, "step.undone"));
        Assert.Equal(DomainPower.Running, Assert.Single(host.Hypervisor.Domains).Value.Info.Power);
        await http.DeleteVmAsync(vm);
        await http.FollowAsync(vm);
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task A_VM_that_was_given_the_default_image_keeps_it_when_an_upgrade_has_another_default()
    {
        await using var host = new FakeHost();
        (string, string)[] after = [("Images:Catalog:older:Path", host.ImagePath), ("Images:Catalog:older:User", "elder")];
        var first = host.Start([.. after, ("Vms:DefaultImage", "older")]);
        using var before = first.CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("image"));
        var vm = await before.CreateVmAsync("""{"name": "web"}""");
        await gate.ReachedAsync();
        host.Steps.Clear(FaultyStep.Before("image"));

        using var http = (await host.KillAndStartAsync(first, after)).CreateClient();
        await http.FollowUntilAsync(vm, "ready");
        var next = await http.CreateVmAsync("""{"name": "next"}""");
        await http.FollowUntilAsync(next, "ready");

        var (kept, made) = (await http.GetJsonAsync(vm), await http.GetJsonAsync(next));
        Assert.Equal(("older", "elder"), (kept.Text("image"), kept.Text("user")));
        Assert.Equal(("tiny", "tester"), (made.Text("image"), made.Text("user")));
    }

    [Fact(Timeout = Limit)]
    public async Task A_degraded_VM_stays_degraded_when_its_last_step_was_cut_off()
    {
        await using var host = new FakeHost();
        host.Guests.CloudInit = (_, _) => Task.FromResult(FakeAnswers.CloudInitError);
        var first = host.Start(Settings);
        using var before = first.CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("agent"));
        var vm = await before.CreateVmAsync();
        await gate.ReachedAsync();
        host.Steps.Clear(FaultyStep.Before("agent"));

        using var http = (await host.KillAndStartAsync(first, Settings)).CreateClient();

        Assert.Equal("cloud_init_errors", (await http.UntilAsync(vm, "degraded", "ready")).GetProperty("failure").Text("code"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_domain_is_not_taken_over_when_what_it_stands_on_is_made_anew()
    {
        await using var host = new FakeHost();
        var first = host.Start(Settings);
        using var before = first.CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("ssh"));
        await before.CreateVmAsync();
        await gate.ReachedAsync();
        var domain = Assert.Single(host.Hypervisor.Domains).Value;
        await first.DisposeAsync();
        host.Steps.Clear(FaultyStep.Before("ssh"));
        // As an older version wrote it: what was begun, and not what was done.
        using (var journal = new SqliteConnection($"Data Source={Path.Combine(host.DataDirectory, "journal.db")};Pooling=False"))
        {
            journal.Open();
            journal.Run("UPDATE vms SET body = json_remove(body, '$.done')");
        }

        using var http = host.Start(Settings).CreateClient();
        await http.UntilAsync($"/vms/{domain.Info.Id}", "ready");

        Assert.NotSame(domain, Assert.Single(host.Hypervisor.Domains).Value);
    }

    [Fact(Timeout = Limit)]
    public async Task A_VM_that_is_made_anew_has_nothing_of_what_the_first_one_complained_of()
    {
        await using var host = new FakeHost();
        host.Guests.CloudInit = (attempt, _) => Task.FromResult(attempt == 1 ? FakeAnswers.CloudInitError : FakeAnswers.CloudInitDone);
        var first = host.Start(Settings);
        using var before = first.CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("agent"));
        var vm = await before.CreateVmAsync();
        await gate.ReachedAsync();
        host.Steps.Clear(FaultyStep.Before("agent"));
        host.Hypervisor.Domains.TryRemove(Assert.Single(host.Hypervisor.Domains).Key, out _);

        using var http = (await host.KillAndStartAsync(first, Settings)).CreateClient();

        Assert.Equal("ready", (await http.UntilAsync(vm, "degraded", "ready")).Text("state"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_ready_VM_comes_back_as_it_was_and_runs_commands()
    {
        await using var host = new FakeHost();
        host.Guests.Answers["true"] = FakeAnswers.Of(0, "");
        var first = host.Start(Settings);
        using var before = first.CreateClient();
        var vm = await before.CreateVmAsync();
        var (events, state) = (await before.FollowUntilAsync(vm, "ready"), await before.GetJsonAsync(vm));
        await first.DisposeAsync();

        using var http = host.Start(Settings).CreateClient();

        Assert.Equal(state.GetRawText(), (await http.GetJsonAsync(vm)).GetRawText());
        Assert.Equal(events.Select(item => item.Data.GetRawText()), (await http.FollowUntilAsync(vm, "ready")).Select(item => item.Data.GetRawText()));
        using var ran = await http.PostJsonAsync($"{vm}/exec", """{"shell": "true"}""");
        await ran.ReadJsonAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task A_deletion_goes_on()
    {
        await using var host = new FakeHost();
        var first = host.Start(Settings);
        using var before = first.CreateClient();
        var vm = await before.CreateVmAsync();
        await before.UntilAsync(vm, "ready");
        var gate = host.Steps.BlockAt(FaultyStep.Undo("domain"));
        await before.DeleteVmAsync(vm);
        await gate.ReachedAsync();
        host.Steps.Clear(FaultyStep.Undo("domain"));

        using var http = (await host.KillAndStartAsync(first, Settings)).CreateClient();

        Assert.Equal("deleted", (await http.FollowAsync(vm))[^1].Data.Text("state"));
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task Those_that_waited_still_wait_and_are_made_in_their_order()
    {
        await using var host = new FakeHost();
        var first = host.Start(Settings);
        using var before = first.CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("image"));
        var vms = new List<string> { await before.CreateVmAsync() };
        await gate.ReachedAsync();
        vms.AddRange([await before.CreateVmAsync(), await before.CreateVmAsync()]);
        host.Steps.Clear(FaultyStep.Before("image"));

        using var http = (await host.KillAndStartAsync(first, Settings)).CreateClient();
        foreach (var vm in vms)
            await http.UntilAsync(vm, "ready");

        Assert.Equal(["192.0.2.2", "192.0.2.3", "192.0.2.4"], (await http.GetJsonAsync("/vms")).EnumerateArray().Select(vm => vm.Text("address")));
    }

    [Fact(Timeout = Limit)]
    public async Task A_VM_whose_remains_cannot_be_undone_at_once_goes_on_when_they_can()
    {
        await using var host = new FakeHost();
        var first = host.Start(Settings);
        using var before = first.CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.After("disk"));
        var vm = await before.CreateVmAsync();
        await gate.ReachedAsync();
        host.Steps.Clear(FaultyStep.After("disk"));
        host.Steps.FailAt(FaultyStep.Undo("disk"), Faults.Known);

        using var http = (await host.KillAndStartAsync(first, Settings)).CreateClient();
        await http.FollowAsync(vm, item => item.Data.TryGetProperty("message", out var message) && message.GetString() == "Not everything could be undone.");
        Assert.Equal("queued", (await http.GetJsonAsync(vm)).Text("state"));
        host.Steps.Clear(FaultyStep.Undo("disk"));
        await host.Time.PassAsync(new ProvisioningOptions().TeardownRetry);

        await http.UntilAsync(vm, "ready");
        await http.DeleteVmAsync(vm);
        await http.FollowAsync(vm);
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task A_VM_that_had_failed_when_the_service_was_killed_stays_failed_and_is_undone()
    {
        await using var host = new FakeHost();
        var first = host.Start(Settings);
        using var before = first.CreateClient();
        host.Steps.FailAt(FaultyStep.After("domain"), Faults.Known);
        var gate = host.Steps.BlockAt(FaultyStep.Undo("disk"));
        var vm = await before.CreateVmAsync();
        await gate.ReachedAsync();
        host.Steps.Clear(FaultyStep.After("domain"));
        host.Steps.Clear(FaultyStep.Undo("disk"));

        using var http = (await host.KillAndStartAsync(first, Settings)).CreateClient();

        Assert.Equal("made_to_fail", (await http.UntilAsync(vm, "failed", "ready")).GetProperty("failure").Text("code"));
        Assert.Empty(host.Traces);
    }

    private static IEnumerable<string> StepsOf(IEnumerable<SseItem<JsonElement>> events, string type) =>
        events.Where(item => item.EventType == type).Select(item => item.Data.Text("step"));
}
