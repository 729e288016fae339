using System.Text.Json;
using AutoProvision.HostTests.Support;
using AutoProvision.Vms;

namespace AutoProvision.HostTests.Faults;

/// <summary>SIGKILL of the real service on real libvirt, as soon as a step has been told to begin or to have ended.</summary>
public sealed class KillTests
{
    private const string Before = VmEventTypes.StepStarted;
    private const string After = VmEventTypes.StepCompleted;
    private const string InUndo = VmEventTypes.StepUndone;
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(60);

    // What the guest itself takes to boot, on a host that may be busy with other things.
    private static readonly TimeSpan Boot = TimeSpan.FromSeconds(60);
    private static readonly string[] Steps = ["image", "keys", "seed", "disk", "network", "domain", "address", "ssh", "cloud-init", "agent", "checks"];

    /// <summary>In the short form the boundaries at which something else has just been made; each once in the long one.</summary>
    public static TheoryData<string, string> Boundaries => FaultRounds.Long
        ? new(Steps.SelectMany(step => new[] { (step, Before), (step, After) }))
        : new(("keys", After), ("domain", Before), ("domain", After), ("address", After), ("ssh", After));

    [Theory(Timeout = 300_000)]
    [MemberData(nameof(Boundaries))]
    public async Task A_killed_service_makes_its_vm_ready_after_its_restart(string step, string boundary)
    {
        await using var service = await HostProcess.StartAsync(Micro.Settings());
        var before = await HostSnapshot.TakeAsync(service);
        var created = await service.CreateAsync(Micro.Request("killed"));
        await service.UntilAsync(created.Id, what => what.Type == boundary && what.Step == step);

        await service.KillAsync();
        await service.StartAgainAsync();

        var restarted = DateTimeOffset.UtcNow;
        var vm = await service.WaitUntilMadeAsync(created.Id);
        Tell($"{boundary} {step}", vm.State, restarted);
        Assert.True(vm.State == VmState.Ready, JsonSerializer.Serialize(vm) + service.Log);
        Assert.InRange(DateTimeOffset.UtcNow - restarted, TimeSpan.Zero, Recovery + Boot);
        await service.DeleteAsync(vm.Id);
        Assert.Empty(await HostSnapshot.NewSinceAsync(service, before));
    }

    [Theory(Timeout = 300_000)]
    [InlineData("other-key", VmState.Failed)]
    [InlineData("deleted", VmState.Deleted)]
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
        Tell($"{InUndo} ({guest})", vm.State, restarted);
        Assert.InRange(DateTimeOffset.UtcNow - restarted, TimeSpan.Zero, Recovery);
        Assert.Empty(await HostSnapshot.NewSinceAsync(service, before));
    }

    private static void Tell(string boundary, VmState state, DateTimeOffset restarted) =>
        Console.WriteLine($"figure: SIGKILL at {boundary}: {state.ToString().ToLowerInvariant()} {(DateTimeOffset.UtcNow - restarted).TotalSeconds:0.0} s after the restart, the guest's boot included");
}
