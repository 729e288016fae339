using AutoProvision.Fakes;
using AutoProvision.Hypervisors;
using static AutoProvision.Provisioning.Reconciliation.EarlyRounds;
using static AutoProvision.Provisioning.Reconciliation.Rounds;

namespace AutoProvision.Provisioning.Reconciliation;

/// <summary>What one early round cannot settle, and the next one that follows soon.</summary>
public sealed class SecondLookTests
{
    private const int Limit = 30_000;
    private static readonly TimeSpan Second = ReconcileWorker.ShortestPause;

    // As long as a domain has to be missed.
    private static readonly TimeSpan Absence = TimeSpan.FromSeconds(10);

    [Fact(Timeout = Limit)]
    public async Task A_domain_that_was_removed_is_missed_twice_and_soon()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var (vm, name) = await NamedAsync(host, http);
        host.Hypervisor.Domains.TryRemove(Id(vm), out _);

        await host.Hypervisor.Events.TellAsync(name);
        await host.Time.PassAsync(Second);
        await host.Time.PassAsync(Absence);

        Assert.Equal("domain_missing", (await http.UntilAsync(vm, "failed")).GetProperty("failure").Text("code"));
    }

    [Fact(Timeout = Limit)]
    public async Task One_that_is_being_defined_anew_is_not_taken_for_gone_however_many_rounds_miss_it()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var (vm, name) = await NamedAsync(host, http);
        host.Hypervisor.Domains.TryRemove(Id(vm), out var domain);
        await host.Hypervisor.Events.TellAsync(name);
        await host.Time.PassAsync(Second);
        await host.Time.WaitedForAsync(Absence);
        await host.Hypervisor.Events.TellAsync(name);
        await host.Time.PassAsync(2 * Second);
        // The second round has ended, and missed it as well.
        await host.Time.WaitedForAsync(Absence - (2 * Second));
        Assert.Equal("ready", (await http.GetJsonAsync(vm)).Text("state"));

        // There for one look: then it has to be missed anew.
        host.Hypervisor.Domains[Id(vm)] = domain!;
        var looks = Looks(host);
        await host.Time.PassAsync(Absence - (2 * Second));
        await LookedAsync(looks);
        host.Time.ForgetWaits();
        host.Hypervisor.Domains.TryRemove(Id(vm), out _);
        await host.Hypervisor.Events.TellAsync(name);
        await host.Time.PassAsync(4 * Second);
        await host.Time.PassAsync(Absence);
        await http.UntilAsync(vm, "failed");
    }

    [Fact(Timeout = Limit)]
    public async Task A_guest_that_is_long_in_booting_is_waited_for_again_at_once()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var (vm, name) = await NamedAsync(host, http);
        host.Hypervisor.SetPower(Id(vm), DomainPower.Stopped);
        await host.Hypervisor.Events.TellAsync(name);
        await host.Time.PassAsync(Second);
        var stopped = (await http.FollowUntilAsync(vm, "stopped"))[^1];
        var gate = host.Hypervisor.Faults.BlockAt(nameof(IHypervisor.WaitForAddressAsync));
        host.Hypervisor.SetPower(Id(vm), DomainPower.Running);
        await host.Hypervisor.Events.TellAsync(name);
        await host.Time.PassAsync(2 * Second);
        await gate.ReachedAsync();

        host.Hypervisor.Faults.Clear(nameof(IHypervisor.WaitForAddressAsync));
        await host.Time.PassAsync(TimeSpan.FromSeconds(20));
        await host.Time.PassAsync(Second);

        await http.FollowAsync(vm, item => item.Data.Text("state") == "ready", after: long.Parse(stopped.EventId!));
    }

    [Fact(Timeout = Limit)]
    public async Task One_that_cannot_be_reached_yet_is_tried_again_soon()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var (vm, name) = await NamedAsync(host, http);
        host.Hypervisor.SetPower(Id(vm), DomainPower.Stopped);
        await host.Hypervisor.Events.TellAsync(name);
        await host.Time.PassAsync(Second);
        await http.UntilAsync(vm, "stopped");
        host.Guests.OtherHostKey = Ssh.SshKeyPair.Generate("other").PublicOpenSsh;
        host.Hypervisor.SetPower(Id(vm), DomainPower.Running);
        await host.Hypervisor.Events.TellAsync(name);
        await host.Time.PassAsync(2 * Second);
        var waiting = await http.FollowAsync(vm, item => Message(item).Contains("waiting for SSH", StringComparison.Ordinal));

        host.Guests.OtherHostKey = null;
        await host.Time.PassAsync(4 * Second);

        await http.FollowAsync(vm, item => item.Data.Text("state") == "ready", after: long.Parse(waiting[^1].EventId!));
    }
}
