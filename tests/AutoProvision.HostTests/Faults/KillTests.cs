using System.Text.Json;
using AutoProvision.HostTests.Support;
using AutoProvision.Vms;

namespace AutoProvision.HostTests.Faults;

/// <summary>SIGKILL of the real service on real libvirt, as soon as a step has been told to begin or to have ended.</summary>
public sealed class KillTests
{
    private const VmEventType Before = VmEventType.StepStarted;
    private const VmEventType After = VmEventType.StepCompleted;
    private const VmEventType InUndo = VmEventType.StepUndone;
    private static readonly string[] Steps = ["image", "keys", "seed", "disk", "network", "domain", "address", "ssh", "cloud-init", "agent", "checks"];

    /// <summary>In the short form the boundaries that the fakes cannot show: virt-install cut off, and a domain that nobody has noted. In the long one, each once.</summary>
    public static TheoryData<string, VmEventType> Boundaries => FaultRounds.Long
        ? new(Steps.SelectMany(step => new[] { (step, Before), (step, After) }))
        : new(("domain", Before), ("domain", After));

    [Theory(Timeout = 300_000)]
    [MemberData(nameof(Boundaries))]
    public async Task A_killed_service_makes_its_vm_ready_after_its_restart(string step, VmEventType boundary)
    {
        await using var service = await HostProcess.StartAsync(Micro.Settings());
        var before = await HostSnapshot.TakeAsync(service);
        var created = await service.CreateAsync(Micro.Request("killed"));
        await service.UntilAsync(created.Id, what => what.Type == boundary && what.Step == step);

        await service.KillAsync();
        await service.StartAgainAsync();

        var restarted = DateTimeOffset.UtcNow;
        var events = await service.HistoryUntilAsync(created.Id, VmState.Ready, VmState.Degraded, VmState.Failed);
        Tell($"{boundary.Name()} {step}", events[^1].State, restarted);
        var vm = await service.GetAsync(created.Id);
        Assert.True(vm.State == VmState.Ready, JsonSerializer.Serialize(vm) + service.Log);
        Assert.All(Done(step, boundary), done => Assert.Single(events, what => what.Type == Before && what.Step == done));
        await service.DeleteAsync(vm.Id);
        Assert.Empty(await HostSnapshot.NewSinceAsync(service, before));
    }

    /// <summary>In the short form the undo of a VM that is ready, which has the most to take away.</summary>
    public static TheoryData<string, VmState> Undone => FaultRounds.Long
        ? new(("deleted", VmState.Deleted), ("other-key", VmState.Failed))
        : new(("deleted", VmState.Deleted));

    [Theory(Timeout = 300_000)]
    [MemberData(nameof(Undone))]
    public async Task A_service_killed_while_it_undoes_finishes_that_after_its_restart(string guest, VmState end)
    {
        await using var service = await HostProcess.StartAsync(Micro.Settings());
        var before = await HostSnapshot.TakeAsync(service);
        var created = await service.CreateAsync(Micro.Request($"{guest}-killed"));
        if (end == VmState.Deleted)
            await service.AskToDeleteAsync((await service.WaitUntilMadeAsync(created.Id)).Id);
        await service.UntilAsync(created.Id, what => what.Type == InUndo);

        await service.KillAsync();
        await service.StartAgainAsync();

        var restarted = DateTimeOffset.UtcNow;
        var vm = await service.WaitAsync(created.Id, end);
        Tell($"{InUndo.Name()} ({guest})", vm.State, restarted);
        Assert.Empty(await HostSnapshot.NewSinceAsync(service, before));
    }

    // What was done before the kill is not done again.
    private static IEnumerable<string> Done(string step, VmEventType boundary) => Steps.TakeWhile(it => it != step).Concat(boundary == After ? [step] : []);

    private static void Tell(string boundary, VmState state, DateTimeOffset restarted) =>
        Console.WriteLine($"figure: SIGKILL at {boundary}: {state.ToString().ToLowerInvariant()} {(DateTimeOffset.UtcNow - restarted).TotalSeconds:0.0} s after the restart, the guest's boot included");
}
