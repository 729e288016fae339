using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using AutoProvision.Fakes;
using AutoProvision.Hypervisors;
using Microsoft.Extensions.Hosting;

namespace AutoProvision.Provisioning;

/// <summary>What somebody else does to domains, and what the service makes of it.</summary>
public sealed class ReconcileTests
{
    private const int Limit = 30_000;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(67);
    private static readonly (string, string)[] Settings = [("Provisioning:ReconcileInterval", "00:01:07"), ("Ssh:UseAgent", "true")];

    [Fact(Timeout = Limit)]
    public async Task A_VM_that_was_switched_off_is_stopped_and_that_is_told_once()
    {
        await using var host = new FakeHost();
        var app = host.Start(Settings);
        using var http = app.CreateClient();
        var vm = await ReadyAsync(http);
        host.Hypervisor.SetPower(Id(vm), DomainPower.Stopped);

        await RoundsAsync(host, app, 3);

        var stopped = await http.GetJsonAsync(vm);
        Assert.Equal("stopped", stopped.Text("state"));
        Assert.Equal(["queued", "provisioning", "ready", "stopped"], States(await http.FollowUntilAsync(vm, "stopped")));
        Assert.Equal(stopped.GetProperty("version").GetInt64(), long.Parse((await http.FollowUntilAsync(vm, "stopped"))[^1].EventId!));
        using var refused = await http.PostJsonAsync($"{vm}/exec", """{"shell": "true"}""");
        Assert.Contains("virsh start", (await refused.ReadProblemAsync(HttpStatusCode.Conflict)).Text("hint"), StringComparison.Ordinal);
        Assert.Equal(0, host.Guests.OpenConnections);
        await DeleteAsync(http, vm);
        Assert.Empty(host.Traces);
        Assert.Empty(host.Log.Troubles);
    }

    [Fact(Timeout = Limit)]
    public async Task One_that_was_paused_says_so_and_comes_back_when_it_is_resumed()
    {
        await using var host = new FakeHost();
        var app = host.Start(Settings);
        using var http = app.CreateClient();
        var vm = await ReadyAsync(http);

        host.Hypervisor.SetPower(Id(vm), DomainPower.Paused);
        await RoundsAsync(host, app, 1);
        var events = await http.FollowUntilAsync(vm, "stopped");
        host.Hypervisor.SetPower(Id(vm), DomainPower.Running);
        await RoundsAsync(host, app, 1);

        Assert.Contains("paused", events[^1].Data.Text("message"), StringComparison.Ordinal);
        await http.FollowAsync(vm, item => item.Data.Text("state") == "ready", after: long.Parse(events[^1].EventId!));
    }

    [Fact(Timeout = Limit)]
    public async Task One_that_was_started_again_is_as_before_once_SSH_lets_us_in()
    {
        await using var host = new FakeHost();
        host.Guests.CloudInit = (_, _) => Task.FromResult(FakeAnswers.CloudInitError);
        var app = host.Start(Settings);
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
        Assert.Equal("stopped", (await http.GetJsonAsync(vm)).Text("state"));
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
        var app = host.Start(Settings);
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

    [Theory(Timeout = Limit)]
    [InlineData(DomainPower.Running)]
    [InlineData(DomainPower.Stopped)]
    public async Task One_whose_domain_was_removed_has_failed_and_can_be_deleted(DomainPower last)
    {
        await using var host = new FakeHost();
        var app = host.Start(Settings);
        using var http = app.CreateClient();
        var vm = await ReadyAsync(http);
        host.Hypervisor.SetPower(Id(vm), last);
        await RoundsAsync(host, app, 1);
        host.Hypervisor.Domains.TryRemove(Id(vm), out _);

        await RoundsAsync(host, app, 2);

        var events = await http.FollowUntilAsync(vm, "failed");
        Assert.Equal("domain_missing", events[^1].Data.GetProperty("failure").Text("code"));
        Assert.Equal("domain_missing", (await http.GetJsonAsync(vm)).GetProperty("failure").Text("code"));
        Assert.Equal(Id(vm), Assert.Single(host.Hypervisor.Disks).Key);
        await DeleteAsync(http, vm);
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task A_domain_that_is_away_for_one_look_is_not_missed()
    {
        await using var host = new FakeHost();
        var app = host.Start(Settings);
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
    public async Task A_guest_paused_by_a_full_disk_goes_on_when_there_is_room()
    {
        await using var host = new FakeHost();
        var app = host.Start(Settings);
        using var http = app.CreateClient();
        var vm = await ReadyAsync(http);
        var room = host.Hypervisor.Room;
        host.Hypervisor.Room = room with { DiskFreeMiB = 511 };
        host.Hypervisor.SetPower(Id(vm), DomainPower.PausedByDisk);
        await RoundsAsync(host, app, 1);
        var told = (await http.FollowAsync(vm, item => Message(item).Contains("disk is full", StringComparison.Ordinal)))[^1];
        await RoundsAsync(host, app, 2);

        host.Hypervisor.Room = room with { DiskFreeMiB = 512 };
        await RoundsAsync(host, app, 1);
        var events = await http.FollowAsync(vm, item => Message(item).Contains("resumed", StringComparison.Ordinal), after: long.Parse(told.EventId!));

        Assert.Equal(("ready", "disk_full"), (told.Data.Text("state"), told.Data.GetProperty("failure").Text("code")));
        Assert.Contains("511 MiB", told.Data.GetProperty("failure").Text("cause"), StringComparison.Ordinal);
        Assert.Equal("ready", Assert.Single(events).Data.Text("state"));
        Assert.Equal(DomainPower.Running, host.Hypervisor.Domains[Id(vm)].Info.Power);
    }

    [Fact(Timeout = Limit)]
    public async Task A_guest_in_the_making_that_a_full_disk_paused_goes_on_too_and_can_still_be_deleted()
    {
        await using var host = new FakeHost();
        var app = host.Start(Settings);
        using var http = app.CreateClient();
        var waiting = host.Steps.BlockAt(FaultyStep.Before("ssh"));
        var vm = await http.CreateVmAsync();
        await waiting.ReachedAsync();
        host.Hypervisor.SetPower(Id(vm), DomainPower.PausedByDisk);
        await RoundsAsync(host, app, 1);
        await http.FollowAsync(vm, item => Message(item).Contains("resumed", StringComparison.Ordinal));
        Assert.Equal(DomainPower.Running, host.Hypervisor.Domains[Id(vm)].Info.Power);

        host.Hypervisor.SetPower(Id(vm), DomainPower.PausedByDisk);
        var resuming = host.Hypervisor.Faults.BlockAt(nameof(IHypervisor.ResumeAsync));
        await host.Time.PassAsync(Interval);
        await resuming.ReachedAsync();
        await DeleteAsync(http, vm);

        Assert.Equal((0, 0), (waiting.Waiting, resuming.Waiting));
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task What_a_failed_VM_left_is_removed_when_it_can_be()
    {
        await using var host = new FakeHost();
        var app = host.Start(Settings);
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
        var app = host.Start(Settings);
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
        var app = host.Start(Settings);
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
        var app = host.Start(Settings);
        using var http = app.CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("domain"));
        var vm = await http.CreateVmAsync();
        await gate.ReachedAsync();

        await RoundsAsync(host, app, 2);
        gate.Open();

        Assert.Equal(["queued", "provisioning", "ready"], States(await http.FollowUntilAsync(vm, "ready", "failed")));
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
    public async Task A_guest_without_an_address_is_given_up_until_the_next_round()
    {
        await using var host = new FakeHost();
        var app = host.Start(Settings);
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
        var waiting = await http.FollowAsync(vm, item => item.EventType == "progress", after: long.Parse(stopped.EventId!));
        host.Hypervisor.Faults.Clear(nameof(IHypervisor.WaitForAddressAsync));
        await RoundsAsync(host, app, 1);

        Assert.Equal("ssh_timeout", Assert.Single(waiting).Data.GetProperty("failure").Text("code"));
        await http.FollowAsync(vm, item => item.Data.Text("state") == "ready", after: long.Parse(waiting[^1].EventId!));
    }

    [Fact(Timeout = Limit)]
    public async Task What_happened_while_the_service_was_down_is_noticed_at_its_start()
    {
        await using var host = new FakeHost();
        var first = host.Start(Settings);
        using var before = first.CreateClient();
        var (off, gone) = (await ReadyAsync(before), await ReadyAsync(before));
        await first.DisposeAsync();
        host.Hypervisor.SetPower(Id(off), DomainPower.Stopped);
        host.Hypervisor.Domains.TryRemove(Id(gone), out _);

        var app = host.Start(Settings);
        using var http = app.CreateClient();

        await http.UntilAsync(off, "stopped");
        await host.Time.PassAsync(Interval);
        await http.UntilAsync(gone, "failed");
    }

    [Fact(Timeout = Limit)]
    public async Task A_service_that_stops_ends_what_a_round_began()
    {
        await using var host = new FakeHost();
        var app = host.Start(Settings);
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
        var app = host.Start(Settings);
        using var http = app.CreateClient();
        var vm = await ReadyAsync(http);
        await DeleteAsync(http, vm);
        host.Time.Advance(TimeSpan.FromHours(2));

        await RoundsAsync(host, app, 1);

        await http.GetJsonAsync(vm, HttpStatusCode.NotFound);
    }

    private static async Task<string> ReadyAsync(HttpClient http)
    {
        var vm = await http.CreateVmAsync();
        Assert.Equal("ready", (await http.UntilAsync(vm, "ready", "failed")).Text("state"));
        return vm;
    }

    private static async Task DeleteAsync(HttpClient http, string vm)
    {
        await http.DeleteVmAsync(vm);
        Assert.Equal("deleted", (await http.FollowAsync(vm))[^1].Data.Text("state"));
    }

    // A round has ended when the wait for the next one begins, and then what it began.
    private static async Task RoundsAsync(FakeHost host, AutoProvisionApp app, int count)
    {
        for (var round = 0; round < count; round++)
        {
            await host.Time.PassAsync(Interval);
            await host.Time.WaitedForAsync(Interval);
            await app.Get<SideJobs>().EndAsync();
        }
    }

    private static Guid Id(string vm) => Guid.Parse(vm["/vms/".Length..]);

    private static IEnumerable<string> States(IEnumerable<SseItem<JsonElement>> events) =>
        events.Where(item => item.EventType == "state").Select(item => item.Data.Text("state"));

    private static string Message(SseItem<JsonElement> item) => item.Data.TryGetProperty("message", out var message) ? message.GetString()! : "";
}
