using AutoProvision.Fakes;
using AutoProvision.Hypervisors;
using Microsoft.Extensions.Hosting;
using static AutoProvision.Provisioning.Reconciliation.EarlyRounds;
using static AutoProvision.Provisioning.Reconciliation.Rounds;

namespace AutoProvision.Provisioning.Reconciliation;

/// <summary>Events of domains, and the rounds that they ask for. The clock only moves as far as a test says: the next round in turn is far away.</summary>
public sealed class DomainWatcherTests
{
    private const int Limit = 30_000;
    private static readonly TimeSpan Second = ReconcileWorker.ShortestPause;

    [Fact(Timeout = Limit)]
    public async Task What_somebody_does_to_a_domain_is_noticed_without_the_next_round_in_turn()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var (vm, name) = await NamedAsync(host, http);

        host.Hypervisor.SetPower(Id(vm), DomainPower.Stopped);
        await host.Hypervisor.Events.TellAsync(name);
        await host.Time.PassAsync(Second);
        var stopped = (await http.FollowUntilAsync(vm, "stopped"))[^1];
        host.Hypervisor.SetPower(Id(vm), DomainPower.Running);
        await host.Hypervisor.Events.TellAsync(name);
        await host.Time.PassAsync(2 * Second);

        var back = (await http.FollowAsync(vm, item => item.Data.Text("state") == "ready", after: long.Parse(stopped.EventId!)))[^1];
        Assert.Equal(("external", "external"), (stopped.Data.Text("cause"), back.Data.Text("cause")));
        Assert.Empty(host.Log.Troubles);
    }

    [Fact(Timeout = Limit)]
    public async Task A_burst_of_events_is_one_round_that_comes_after_it()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var (vm, name) = await NamedAsync(host, http);
        var looks = Looks(host);
        for (var i = 0; i < 9; i++)
            await host.Hypervisor.Events.TellAsync(name);
        host.Hypervisor.SetPower(Id(vm), DomainPower.Stopped);
        await host.Time.PassAsync(Second);
        var stopped = (await http.FollowUntilAsync(vm, "stopped"))[^1];

        // Were there another round to come of it, this would be seen too early.
        Assert.False(IsRung(app));
        host.Hypervisor.SetPower(Id(vm), DomainPower.Running);
        await host.Hypervisor.Events.TellAsync(name);
        await host.Time.PassAsync(2 * Second);
        await http.FollowAsync(vm, item => item.EventType == "state" && item.Data.Text("state") == "ready", after: long.Parse(stopped.EventId!));
        // Two rounds, and the comeback's own look.
        for (var look = 0; look < 3; look++)
            await LookedAsync(looks);
        Assert.Equal(0, looks.Count);
    }

    [Fact(Timeout = Limit)]
    public async Task Rounds_that_come_one_after_the_other_take_their_time()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var (_, name) = await NamedAsync(host, http);
        var looks = Looks(host);

        foreach (var pause in (int[])[1, 2, 4, 8, 8])
        {
            await host.Hypervisor.Events.TellAsync(name);
            await host.Time.PassAsync(pause * Second);
            await LookedAsync(looks);
        }
        host.Time.Advance(9 * Second);
        await host.Hypervisor.Events.TellAsync(name);
        await host.Time.PassAsync(Second);
        await LookedAsync(looks);
    }

    [Fact(Timeout = Limit)]
    public async Task Others_domains_and_VMs_that_are_gone_ask_for_no_round()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var gone = await NamedAsync(host, http);
        await DeleteAsync(http, gone.Vm);
        var name = (await http.GetJsonAsync(await ReadyAsync(http))).Text("name");

        foreach (var other in (string[])[host.Hypervisor.AddForeign("other").Name, "", $"{name} ", gone.Name])
            await host.Hypervisor.Events.TellAsync(other);
        Assert.False(IsRung(app));

        await host.Hypervisor.Events.TellAsync(name);
        Assert.True(IsRung(app));
    }

    [Fact(Timeout = Limit)]
    public async Task Orphans_are_sought_in_turn_only()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var (_, name) = await NamedAsync(host, http);
        var sought = 0;
        host.Hypervisor.Faults.DoAt(FakeHypervisor.Done(nameof(IHypervisor.FindOrphansAsync)), _ =>
        {
            sought++;
            return Task.CompletedTask;
        });

        await host.Hypervisor.Events.TellAsync(name);
        await host.Time.PassAsync(Second);
        await host.Time.WaitedForAsync(Interval);
        Assert.Equal(0, sought);
        await host.Time.PassAsync(Interval);
        await host.Time.WaitedForAsync(Interval);
        Assert.Equal(1, sought);
    }

    [Fact(Timeout = Limit)]
    public async Task A_watch_that_breaks_is_taken_up_again_with_growing_pauses_and_told_once()
    {
        await using var host = new FakeHost();
        // No round in turn falls into the pauses.
        var app = host.Start(("Provisioning:ReconcileInterval", "01:00:00"));
        using var http = app.CreateClient();
        var events = host.Hypervisor.Events;
        foreach (var wait in (int[])[1, 2, 4, 8, 16, 30, 30])
        {
            await events.BreakAsync();
            await host.Time.PassAsync(TimeSpan.FromSeconds(wait));
        }
        var trouble = Assert.Single(host.Log.Troubles);
        Assert.Contains("Domains cannot be watched", trouble, StringComparison.Ordinal);
        Assert.Contains("libvirt does not answer at qemu:///fake.", trouble, StringComparison.Ordinal);

        // What happened meanwhile was missed.
        var looks = Looks(host);
        await events.BeginAsync();
        await host.Time.PassAsync(Second);
        await LookedAsync(looks);
        Assert.Single(host.Log.All, line => line.Contains("Domains are watched again", StringComparison.Ordinal));

        host.Time.Advance(TimeSpan.FromSeconds(31));
        await events.BreakAsync();
        await host.Time.PassAsync(DomainWatcher.ShortestWait);
        await events.BeginAsync();
        Assert.Equal(2, host.Log.Troubles.Count);
    }

    [Fact(Timeout = Limit)]
    public async Task The_watch_ends_with_the_service()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        await host.Hypervisor.Events.BeginAsync();
        Assert.Equal(1, host.Hypervisor.Events.Watching);

        await app.Get<IHost>().StopAsync(TestContext.Current.CancellationToken);

        Assert.Equal(0, host.Hypervisor.Events.Watching);
        Assert.Empty(host.Log.Troubles);
    }

    [Fact(Timeout = Limit)]
    public async Task One_that_breaks_because_the_service_is_to_end_is_no_trouble()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();

        var lifetime = app.Get<IHostApplicationLifetime>();
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lifetime.ApplicationStopped.Register(stopped.SetResult);

        await host.Hypervisor.Events.BreakAsync(lifetime.StopApplication);
        await stopped.Task;

        Assert.Empty(host.Log.Troubles);
    }
}
