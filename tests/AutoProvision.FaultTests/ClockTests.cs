using System.Net;
using AutoProvision.Fakes;
using AutoProvision.FakeService;
using AutoProvision.FaultTests.Support;

namespace AutoProvision.FaultTests;

/// <summary>The host's clock is set, as NTP or a person does it, while a VM is being made and others wait.</summary>
public sealed class ClockTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Theory(Timeout = 300_000)]
    [InlineData(+1, false)]
    [InlineData(-1, false)]
    [InlineData(-1, true)]
    public async Task A_clock_that_steps_by_an_hour_disturbs_no_job(int hours, bool isKilled)
    {
        await using var machine = new FakeMachine();
        using var clock = new HostClock();
        var service = await machine.StartAsync(
            [.. clock.Variables, (FaultPlan.HoldVariable, FaultyStep.Of("first", FaultyStep.Before("address")))], ("Provisioning:Concurrency", "1"));
        List<EventRecord> records = [await CreateAsync(service, "first"), await CreateAsync(service, "second")];
        await records[0].FollowToStepAsync(service.Http, "step.started", "address");
        var before = records[0].LastAt;
        clock.Step(hours * Hour);
        records.Add(await CreateAsync(service, "third"));
        if (isKilled)
            service = await KillAndStartAsync(machine, service, clock);
        machine.Release();

        List<string> addresses = [];
        foreach (var record in records)
            addresses.Add(await EndAsync(service, record));
        // The hypervisor gives its addresses in the order in which they are asked for.
        Assert.Equal(addresses.OrderBy(address => IPAddress.Parse(address).GetAddressBytes()[3]), addresses);
        // What happened later has the new clock's time.
        Assert.True(hours > 0 ? records[0].LastAt >= before + Hour : records[0].LastAt < before, $"{before:O}, then {records[0].LastAt:O}");
        await DeleteAllAsync(service, records);
        Assert.Empty(machine.Traces);
        Figure.Print($"clock stepped by {hours:+0;-0} h ({HostClock.By}), 1 VM in the making and 2 queued{(isKilled ? ", SIGKILL" : "")}",
            "3 ready in their order, 0 steps timed out, 3 deleted");
    }

    private static async Task<RunningService> KillAndStartAsync(FakeMachine machine, RunningService service, HostClock clock)
    {
        service.Kill();
        await service.WaitForExitAsync();
        return await machine.StartAsync(clock.Variables, ("Provisioning:Concurrency", "1"));
    }

    private static async Task<EventRecord> CreateAsync(RunningService service, string name) =>
        new(await service.Http.CreateVmAsync($$"""{"name": "{{name}}"}"""));

    /// <summary>Sees the VM get ready.</summary>
    /// <returns>Its address.</returns>
    private static async Task<string> EndAsync(RunningService service, EventRecord record)
    {
        await record.FollowToEndAsync(service.Http);
        Assert.Equal("ready", record.State);
        Assert.Empty(record.Steps("step.failed"));
        // Measured by another clock: the hour is in none of them.
        Assert.All(record.Durations, duration => Assert.True(duration >= TimeSpan.Zero && duration < Hour, $"{duration}"));
        return (await service.Http.GetJsonAsync(record.Vm)).Text("address");
    }

    private static async Task DeleteAllAsync(RunningService service, IEnumerable<EventRecord> records)
    {
        foreach (var record in records)
        {
            await service.Http.DeleteVmAsync(record.Vm);
            await record.FollowToEndAsync(service.Http);
            Assert.Equal("deleted", record.State);
            await record.AssertWholeAsync(service.Http);
        }
    }
}
