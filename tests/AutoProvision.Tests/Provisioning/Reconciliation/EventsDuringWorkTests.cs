using AutoProvision.Fakes;
using AutoProvision.Hypervisors;
using static AutoProvision.Provisioning.Reconciliation.EarlyRounds;
using static AutoProvision.Provisioning.Reconciliation.Rounds;

namespace AutoProvision.Provisioning.Reconciliation;

/// <summary>Events of domains whose VMs are worked on: the rounds that they ask for come after the work.</summary>
public sealed class EventsDuringWorkTests
{
    private const int Limit = 30_000;
    private static readonly TimeSpan Second = ReconcileWorker.ShortestPause;

    [Fact(Timeout = Limit)]
    public async Task What_happens_to_a_VM_that_is_being_made_is_looked_at_when_it_is()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var making = host.Steps.BlockAt(FaultyStep.After("domain"));
        await host.Time.WaitedForAsync(Interval);
        var vm = await http.CreateVmAsync();
        await making.ReachedAsync();
        await host.Hypervisor.Events.TellAsync((await http.GetJsonAsync(vm)).Text("name"));
        Assert.False(IsRung(app));

        making.Open();

        await app.Get<RoundBell>().RungAsync(TestContext.Current.CancellationToken);
        Assert.Equal("ready", (await http.GetJsonAsync(vm)).Text("state"));
    }

    [Fact(Timeout = Limit)]
    public async Task What_happens_to_a_VM_that_an_operation_works_on_is_looked_at_after_it()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var (vm, name) = await NamedAsync(host, http);
        var gate = host.Hypervisor.Faults.BlockAt(nameof(IDomainControl.CreateSnapshotAsync));
        using var accepted = await http.PostJsonAsync($"{vm}/snapshots", """{"name": "before"}""");
        await gate.ReachedAsync();
        host.Hypervisor.SetPower(Id(vm), DomainPower.Stopped);
        await host.Hypervisor.Events.TellAsync(name);
        Assert.False(IsRung(app));

        gate.Open();
        await http.FollowAsync(vm, item => item.EventType.StartsWith("operation.", StringComparison.Ordinal) && item.EventType != "operation.started");
        await host.Time.PassAsync(Second);

        Assert.Equal("external", (await http.FollowUntilAsync(vm, "stopped"))[^1].Data.Text("cause"));
    }

    [Fact(Timeout = Limit)]
    public async Task What_happened_right_before_an_operation_is_looked_at_after_it()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var (vm, name) = await NamedAsync(host, http);
        host.Hypervisor.SetPower(Id(vm), DomainPower.Stopped);
        await host.Hypervisor.Events.TellAsync(name);
        var gate = host.Hypervisor.Faults.BlockAt(nameof(IDomainControl.CreateSnapshotAsync));
        using var accepted = await http.PostJsonAsync($"{vm}/snapshots", """{"name": "before"}""");
        await gate.ReachedAsync();
        await host.Time.PassAsync(Second);
        await host.Time.WaitedForAsync(Interval);

        gate.Open();
        await host.Time.PassAsync(2 * Second);

        Assert.Equal("external", (await http.FollowUntilAsync(vm, "stopped"))[^1].Data.Text("cause"));
    }

    [Fact(Timeout = Limit)]
    public async Task What_happens_to_a_VM_that_is_being_copied_is_looked_at_after_it()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var (vm, name) = await NamedAsync(host, http);
        var copying = host.Hypervisor.Faults.BlockAt(nameof(IHypervisor.CopyDisksAsync));
        using var accepted = await http.PostJsonAsync($"{vm}/clone", "{}");
        await copying.ReachedAsync();
        await host.Hypervisor.Events.TellAsync(name);
        Assert.False(IsRung(app));

        copying.Open();

        await app.Get<RoundBell>().RungAsync(TestContext.Current.CancellationToken);
    }
}
