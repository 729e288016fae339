using AutoProvision.Fakes;
using AutoProvision.FakeService;
using AutoProvision.FaultTests.Support;

namespace AutoProvision.FaultTests;

/// <summary>One VM kills the service at every boundary that it comes to.</summary>
public sealed class KillsInARowTests
{
    [Fact(Timeout = 600_000)]
    public async Task Killed_at_one_boundary_after_the_other_a_vm_still_gets_ready()
    {
        var boundaries = Knobs.Chosen(Boundaries.Making, Knobs.Seeded());
        await using var machine = new FakeMachine();
        var first = await machine.StartAsync([(FaultPlan.HoldVariable, "image: before")]);
        var record = new EventRecord(await first.Http.CreateVmAsync("""{"name": "unlucky"}"""));
        first.Kill();
        await first.WaitForExitAsync();
        foreach (var boundary in boundaries)
            Assert.Equal(RunningService.Killed, await machine.Launch([(FaultPlan.KillVariable, boundary)]).WaitForExitAsync());

        var service = await machine.StartAsync();
        await record.FollowToEndAsync(service.Http);
        Assert.Equal("ready", record.State);
        Assert.Equal(Boundaries.Steps, record.Steps("step.started").Distinct());
        await service.Http.DeleteVmAsync(record.Vm);
        await record.FollowToEndAsync(service.Http);
        await record.AssertWholeAsync(service.Http);
        Assert.Empty(machine.Traces);
        Figure.Print($"SIGKILL at {boundaries.Length} boundaries of one VM, one after the other", "ready; orphans 0");
    }
}
