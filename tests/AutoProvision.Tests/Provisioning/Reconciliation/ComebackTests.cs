using AutoProvision.Fakes;
using AutoProvision.Hypervisors;
using static AutoProvision.Provisioning.Reconciliation.Rounds;

namespace AutoProvision.Provisioning.Reconciliation;

/// <summary>VMs that somebody else stopped, and starts again.</summary>
public sealed class ComebackTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task One_that_was_paused_says_so_and_comes_back_when_it_is_resumed()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var vm = await ReadyAsync(http);

        host.Hypervisor.SetPower(Id(vm), DomainPower.Paused);
        await RoundsAsync(host, app, 1);
        var events = await http.FollowUntilAsync(vm, "stopped");
        host.Hypervisor.SetPower(Id(vm), DomainPower.Running);
        await RoundsAsync(host, app, 1);

        Assert.Contains("paused", events[^1].Data.Text("message"), StringComparison.Ordinal);
        var back = (await http.FollowAsync(vm, item => item.Data.Text("state") == "ready", after: long.Parse(events[^1].EventId!)))[^1];
        Assert.Equal(("external", "paused"), (events[^1].Data.Text("cause"), events[^1].Data.Text("power")));
        Assert.Equal(("external", "running"), (back.Data.Text("cause"), back.Data.Text("power")));
        Assert.All(events[..^1], item => Assert.False(item.Data.TryGetProperty("cause", out _)));
    }

    [Fact(Timeout = Limit)]
    public async Task One_that_was_started_again_is_as_before_once_SSH_lets_us_in()
    {
        await using var host = new FakeHost();
        host.Guests.CloudInit = (_, _) => Task.FromResult(FakeAnswers.CloudInitError);
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var vm = await http.CreateVmAsync();
        var before = await http.UntilAsync(vm, "degraded");
        host.Hypervisor.SetPower(Id(vm), DomainPower.Stopped);
        await RoundsAsync(host, app, 1);
        await http.UntilAsync(vm, "stopped");

        host.Hypervisor.SetPower(Id(vm), DomainPower.Running);
        host.Guests.OtherHostKey = Ssh.SshKeyPair.Generate("other").PublicOpenSsh;
        await RoundsAsync(host, app, 1);
        var waiting = await http.FollowAsync(vm, item => Message(item).Contains("waiting for SSH", StringComparison.Ordinal));
        await RoundsAsync(host, app, 2);
        Assert.Equal("unreachable", (await http.GetJsonAsync(vm)).Text("state"));
        host.Guests.OtherHostKey = null;
        await RoundsAsync(host, app, 1);
        var events = await http.FollowAsync(vm, item => item.Data.Text("state") == "degraded", after: long.Parse(waiting[^1].EventId!));

        Assert.Equal("ssh_host_key_mismatch", waiting[^1].Data.GetProperty("failure").Text("code"));
        Assert.Single(events);
        var after = await http.GetJsonAsync(vm);
        Assert.All((string[])["failure", "readyAt", "address"], member => Assert.Equal(before.GetProperty(member).ToString(), after.GetProperty(member).ToString()));
    }

    [Fact(Timeout = Limit)]
    public async Task A_new_address_is_found_and_used()
    {
        await using var host = new FakeHost();
        host.Guests.Answers["true"] = FakeAnswers.Of(0, "");
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var vm = await ReadyAsync(http);
        host.Hypervisor.SetPower(Id(vm), DomainPower.Stopped);
        await RoundsAsync(host, app, 1);
        var stopped = await http.FollowUntilAsync(vm, "stopped");

        host.Hypervisor.Leases[host.Hypervisor.Domains[Id(vm)].Mac] = "192.0.2.99";
        host.Hypervisor.SetPower(Id(vm), DomainPower.Running);
        await RoundsAsync(host, app, 1);
        await http.FollowAsync(vm, item => item.Data.Text("state") == "ready", after: long.Parse(stopped[^1].EventId!));

        var access = await http.GetJsonAsync($"{vm}/ssh");
        Assert.Equal("192.0.2.99", access.Text("host"));
        Assert.StartsWith("192.0.2.99 ", await File.ReadAllTextAsync(access.Text("knownHostsFile"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        using var ran = await http.PostJsonAsync($"{vm}/exec", """{"shell": "true"}""");
        await ran.ReadJsonAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task One_that_is_long_in_coming_back_holds_up_neither_the_others_nor_its_own_deletion()
    {
        await using var host = new FakeHost();
        // Shorter than what a guest is given to come back.
        var interval = TimeSpan.FromSeconds(7);
        var app = host.Start(("Provisioning:ReconcileInterval", "00:00:07"));
        using var http = app.CreateClient();
        var (slow, other) = (await ReadyAsync(http), await ReadyAsync(http));
        host.Hypervisor.SetPower(Id(slow), DomainPower.Stopped);
        await host.Time.PassAsync(interval);
        await http.UntilAsync(slow, "stopped");
        var gate = host.Hypervisor.Faults.BlockAt(nameof(IHypervisor.WaitForAddressAsync));
        host.Hypervisor.SetPower(Id(slow), DomainPower.Running);
        await host.Time.PassAsync(interval);
        await gate.ReachedAsync();

        host.Hypervisor.SetPower(Id(other), DomainPower.Stopped);
        await host.Time.PassAsync(interval);
        await http.UntilAsync(other, "stopped");
        await DeleteAsync(http, slow);

        Assert.Equal((0, 1), (gate.Waiting, gate.MostWaiting));
        await DeleteAsync(http, other);
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task One_that_an_operation_works_on_meanwhile_is_left_to_it()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var vm = await ReadyAsync(http);
        host.Hypervisor.SetPower(Id(vm), DomainPower.Stopped);
        await RoundsAsync(host, app, 1);
        await http.UntilAsync(vm, "stopped");
        var address = host.Hypervisor.Faults.BlockAt(nameof(IHypervisor.WaitForAddressAsync));
        host.Hypervisor.SetPower(Id(vm), DomainPower.Running);
        await host.Time.PassAsync(Interval);
        await address.ReachedAsync();
        var snapshot = host.Hypervisor.Faults.BlockAt(nameof(IDomainControl.CreateSnapshotAsync));
        using var begun = await http.PostJsonAsync($"{vm}/snapshots", """{"name": "before"}""");
        await snapshot.ReachedAsync();

        address.Open();
        await app.Get<SideJobs>().EndAsync();
        var meanwhile = await http.GetJsonAsync(vm);
        snapshot.Open();

        Assert.Equal(("stopped", "snapshot"), (meanwhile.Text("state"), meanwhile.GetProperty("operation").Text("kind")));
        var events = await http.FollowAsync(vm, item => item.EventType == "operation.completed");
        Assert.DoesNotContain(events, item => item.EventType is "progress" or "state" && item.Data.TryGetProperty("failure", out _));
        // It asked for a round of its own, which comes when the operation is done.
        await host.Time.PassAsync(ReconcileWorker.ShortestPause);
        await http.FollowAsync(vm, item => item.Data.Text("state") == "ready", after: long.Parse(events[^1].EventId!));
    }

    [Fact(Timeout = Limit)]
    public async Task What_was_in_the_way_while_an_operation_began_is_told_after_it()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var vm = await ReadyAsync(http);
        host.Hypervisor.SetPower(Id(vm), DomainPower.Stopped);
        await RoundsAsync(host, app, 1);
        await http.UntilAsync(vm, "stopped");
        var address = host.Hypervisor.Faults.BlockAt(nameof(IHypervisor.WaitForAddressAsync));
        host.Hypervisor.SetPower(Id(vm), DomainPower.Running);
        await host.Time.PassAsync(Interval);
        await address.ReachedAsync();
        var snapshot = host.Hypervisor.Faults.BlockAt(nameof(IDomainControl.CreateSnapshotAsync));
        using var begun = await http.PostJsonAsync($"{vm}/snapshots", """{"name": "before"}""");
        await snapshot.ReachedAsync();
        await host.Time.PassAsync(TimeSpan.FromSeconds(20));
        await app.Get<SideJobs>().EndAsync();
        snapshot.Open();
        var done = (await http.FollowAsync(vm, item => item.EventType == "operation.completed"))[^1];

        await host.Time.PassAsync(ReconcileWorker.ShortestPause);
        await host.Time.PassAsync(TimeSpan.FromSeconds(20));

        var told = await http.FollowAsync(vm, item => item.Data.Text("state") == "unreachable", after: long.Parse(done.EventId!));
        Assert.Equal("ssh_timeout", told[^1].Data.GetProperty("failure").Text("code"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_guest_without_an_address_is_given_up_until_the_next_round()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var vm = await ReadyAsync(http);
        host.Hypervisor.SetPower(Id(vm), DomainPower.Stopped);
        await RoundsAsync(host, app, 1);
        var stopped = (await http.FollowUntilAsync(vm, "stopped"))[^1];
        var gate = host.Hypervisor.Faults.BlockAt(nameof(IHypervisor.WaitForAddressAsync));
        host.Hypervisor.SetPower(Id(vm), DomainPower.Running);
        await host.Time.PassAsync(Interval);
        await gate.ReachedAsync();

        await host.Time.PassAsync(TimeSpan.FromSeconds(20));
        await app.Get<SideJobs>().EndAsync();
        var waiting = await http.FollowAsync(vm, item => item.Data.Text("state") == "unreachable", after: long.Parse(stopped.EventId!));
        host.Hypervisor.Faults.Clear(nameof(IHypervisor.WaitForAddressAsync));
        await RoundsAsync(host, app, 1);

        Assert.Equal("ssh_timeout", Assert.Single(waiting).Data.GetProperty("failure").Text("code"));
        await http.FollowAsync(vm, item => item.Data.Text("state") == "ready", after: long.Parse(waiting[^1].EventId!));
    }
}
