using System.Net;
using AutoProvision.Fakes;
using AutoProvision.Hypervisors;
using Microsoft.Extensions.Hosting;
using static AutoProvision.Provisioning.Reconciliation.Rounds;

namespace AutoProvision.Provisioning.Reconciliation;

/// <summary>What somebody else does to domains, and what the service makes of it.</summary>
public sealed class ReconcileTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task A_VM_that_was_switched_off_is_stopped_and_that_is_told_once()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var vm = await ReadyAsync(http);
        host.Hypervisor.SetPower(Id(vm), DomainPower.Stopped);

        await RoundsAsync(host, app, 3);

        var stopped = await http.GetJsonAsync(vm);
        Assert.Equal("stopped", stopped.Text("state"));
        Assert.Equal(["queued", "provisioning", "ready", "stopped"], States(await http.FollowUntilAsync(vm, "stopped")));
        var told = (await http.FollowUntilAsync(vm, "stopped"))[^1];
        Assert.Equal(stopped.GetProperty("version").GetInt64(), long.Parse(told.EventId!));
        Assert.Equal(("external", "stopped"), (told.Data.Text("cause"), told.Data.Text("power")));
        using var refused = await http.PostJsonAsync($"{vm}/exec", """{"shell": "true"}""");
        Assert.Contains("/start", (await refused.ReadProblemAsync(HttpStatusCode.Conflict)).Text("hint"), StringComparison.Ordinal);
        Assert.Equal(0, host.Guests.OpenConnections);
        await DeleteAsync(http, vm);
        Assert.Empty(host.Traces);
        Assert.Empty(host.Log.Troubles);
    }

    [Fact(Timeout = Limit)]
    public async Task A_VM_that_was_switched_off_and_on_between_two_looks_is_stopped_and_comes_back()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var vm = await ReadyAsync(http);
        host.Hypervisor.SetPower(Id(vm), DomainPower.Stopped);
        host.Hypervisor.SetPower(Id(vm), DomainPower.Running);

        await RoundsAsync(host, app, 2);

        var events = await http.FollowAsync(vm, item => item.EventType == "state" && item.Data.Text("state") == "ready" && item.Data.TryGetProperty("cause", out _));
        Assert.Equal(["queued", "provisioning", "ready", "stopped", "ready"], States(events));
        Assert.Equal([("external", "stopped"), ("external", "running")], events[^2..].Select(item => (item.Data.Text("cause"), item.Data.Text("power"))));
    }

    [Theory(Timeout = Limit)]
    [InlineData("restart")]
    [InlineData("snapshots/one/restore")]
    public async Task What_the_service_itself_switches_is_nobody_elses_doing(string operation)
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var vm = await ReadyAsync(http);
        await http.OperateAsync($"{vm}/snapshots", """{"name": "one"}""");
        await RoundsAsync(host, app, 1);
        var run = host.Hypervisor.Domains[Id(vm)].Info.Run;

        await http.OperateAsync($"{vm}/{operation}");
        await RoundsAsync(host, app, 2);

        Assert.NotEqual(run, host.Hypervisor.Domains[Id(vm)].Info.Run);
        var now = await http.GetJsonAsync(vm);
        var events = await http.FollowAsync(vm, item => item.EventId == now.GetProperty("version").ToString());
        Assert.Equal("ready", now.Text("state"));
        Assert.All(events, item => Assert.False(item.Data.TryGetProperty("cause", out _)));
    }

    [Theory(Timeout = Limit)]
    [InlineData(DomainPower.Running)]
    [InlineData(DomainPower.Stopped)]
    public async Task One_whose_domain_was_removed_has_failed_and_can_be_deleted(DomainPower last)
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var vm = await ReadyAsync(http);
        host.Hypervisor.SetPower(Id(vm), last);
        await RoundsAsync(host, app, 1);
        host.Hypervisor.Domains.TryRemove(Id(vm), out _);

        await RoundsAsync(host, app, 2);

        var events = await http.FollowUntilAsync(vm, "failed");
        Assert.Equal("domain_missing", events[^1].Data.GetProperty("failure").Text("code"));
        Assert.Equal("external", events[^1].Data.Text("cause"));
        Assert.False(events[^1].Data.TryGetProperty("power", out _));
        Assert.Equal("domain_missing", (await http.GetJsonAsync(vm)).GetProperty("failure").Text("code"));
        Assert.Equal(Id(vm), Assert.Single(host.Hypervisor.Disks).Key);
        await DeleteAsync(http, vm);
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task A_domain_that_is_away_for_one_look_is_not_missed()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var vm = await ReadyAsync(http);
        for (var time = 0; time < 2; time++)
        {
            host.Hypervisor.Domains.TryRemove(Id(vm), out var domain);
            await RoundsAsync(host, app, 1);
            host.Hypervisor.Domains[Id(vm)] = domain!;
            await RoundsAsync(host, app, 1);
        }

        Assert.Equal("ready", (await http.GetJsonAsync(vm)).Text("state"));
    }

    [Fact(Timeout = Limit)]
    public async Task What_a_failed_VM_left_is_removed_when_it_can_be()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        host.Steps.FailAt(FaultyStep.After("domain"), Faults.Known);
        host.Steps.FailAt(FaultyStep.Undo("disk"), Faults.Known);
        var vm = await http.CreateVmAsync();
        Assert.Single((await http.UntilAsync(vm, "failed")).GetProperty("leftovers").EnumerateArray());

        host.Steps.Clear(FaultyStep.Undo("disk"));
        await RoundsAsync(host, app, 1);
        await http.FollowAsync(vm, item => Message(item) == "Everything is undone.");

        Assert.Empty((await http.GetJsonAsync(vm)).GetProperty("leftovers").EnumerateArray());
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task A_hypervisor_that_is_down_is_logged_once_and_nothing_is_taken_for_gone()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var vm = await ReadyAsync(http);
        host.Hypervisor.IsDown = true;
        await RoundsAsync(host, app, 3);
        Assert.Equal("ready", (await http.GetJsonAsync(vm)).Text("state"));
        Assert.Single(host.Log.Troubles, line => line.Contains("libvirt does not answer", StringComparison.Ordinal));

        host.Hypervisor.IsDown = false;
        host.Hypervisor.SetPower(Id(vm), DomainPower.Stopped);
        await RoundsAsync(host, app, 1);

        await http.UntilAsync(vm, "stopped");
        Assert.Single(host.Log.Troubles);
    }

    [Fact(Timeout = Limit)]
    public async Task A_VM_deleted_during_a_round_is_deleted_and_nothing_else()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var vm = await ReadyAsync(http);
        var listed = FakeHypervisor.Done(nameof(IHypervisor.ListDomainsAsync));
        var gate = host.Hypervisor.Faults.BlockAt(listed);
        host.Hypervisor.SetPower(Id(vm), DomainPower.Stopped);
        await host.Time.PassAsync(Interval);
        await gate.ReachedAsync();

        await DeleteAsync(http, vm);
        host.Hypervisor.Faults.Clear(listed);
        gate.Open();
        await RoundsAsync(host, app, 1);

        var events = await http.FollowAsync(vm);
        Assert.Equal(["queued", "provisioning", "ready", "deleting", "deleted"], States(events));
        Assert.Empty(host.Traces);
        Assert.Empty(host.Log.Troubles);
    }

    [Fact(Timeout = Limit)]
    public async Task A_VM_in_the_making_is_let_alone()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("domain"));
        var vm = await http.CreateVmAsync();
        await gate.ReachedAsync();

        await RoundsAsync(host, app, 2);
        gate.Open();

        Assert.Equal(["queued", "provisioning", "ready"], States(await http.FollowUntilAsync(vm, "ready", "failed")));
    }

    [Fact(Timeout = Limit)]
    public async Task What_happened_while_the_service_was_down_is_noticed_at_its_start()
    {
        await using var host = new FakeHost();
        var first = host.Start(Rounds.Settings);
        using var before = first.CreateClient();
        var (off, gone) = (await ReadyAsync(before), await ReadyAsync(before));
        await first.DisposeAsync();
        // The first service's: time would pass before the second one waits for it.
        host.Time.ForgetWaits();
        host.Hypervisor.SetPower(Id(off), DomainPower.Stopped);
        host.Hypervisor.Domains.TryRemove(Id(gone), out _);

        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();

        await http.UntilAsync(off, "stopped");
        await host.Time.PassAsync(Interval);
        await http.UntilAsync(gone, "failed");
    }

    [Fact(Timeout = Limit)]
    public async Task A_service_that_stops_ends_what_a_round_began()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var vm = await ReadyAsync(http);
        host.Hypervisor.SetPower(Id(vm), DomainPower.Stopped);
        await RoundsAsync(host, app, 1);
        await http.UntilAsync(vm, "stopped");
        var gate = host.Hypervisor.Faults.BlockAt(nameof(IHypervisor.WaitForAddressAsync));
        host.Hypervisor.SetPower(Id(vm), DomainPower.Running);
        await host.Time.PassAsync(Interval);
        await gate.ReachedAsync();

        await app.Get<IHost>().StopAsync(TestContext.Current.CancellationToken);

        Assert.Equal(0, gate.Waiting);
        Assert.Empty(host.Log.Troubles);
    }

    [Fact(Timeout = Limit)]
    public async Task Deleted_VMs_are_forgotten_though_nobody_asks_for_another()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var vm = await ReadyAsync(http);
        await DeleteAsync(http, vm);
        host.Time.Advance(TimeSpan.FromHours(2));

        await RoundsAsync(host, app, 1);

        await http.GetJsonAsync(vm, HttpStatusCode.NotFound);
    }
}
