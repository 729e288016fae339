using AutoProvision.Fakes;
using AutoProvision.Hypervisors;
using static AutoProvision.Provisioning.Reconciliation.Rounds;

namespace AutoProvision.Provisioning.Reconciliation;

/// <summary>Guests that QEMU pauses because the disk under them is full.</summary>
public sealed class FullDiskTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task A_guest_paused_by_a_full_disk_goes_on_when_there_is_room()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
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
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var waiting = host.Steps.BlockAt(FaultyStep.Before("ssh"));
        var vm = await http.CreateVmAsync();
        await waiting.ReachedAsync();
        host.Hypervisor.SetPower(Id(vm), DomainPower.PausedByDisk);
        await RoundsAsync(host, app, 1);
        await http.FollowAsync(vm, item => Message(item).Contains("resumed", StringComparison.Ordinal));
        Assert.Equal(DomainPower.Running, host.Hypervisor.Domains[Id(vm)].Info.Power);

        host.Hypervisor.SetPower(Id(vm), DomainPower.PausedByDisk);
        var resuming = host.Hypervisor.Faults.BlockAt(nameof(IDomainControl.ResumeAsync));
        await host.Time.PassAsync(Interval);
        await resuming.ReachedAsync();
        await DeleteAsync(http, vm);

        Assert.Equal((0, 0), (waiting.Waiting, resuming.Waiting));
        Assert.Empty(host.Traces);
    }
}
