using System.Net;
using AutoProvision.Fakes;
using AutoProvision.FakeService;
using AutoProvision.FaultTests.Support;

namespace AutoProvision.FaultTests;

/// <summary>SIGTERM, with jobs in flight and clients on their event streams.</summary>
public sealed class StopTests : IAsyncDisposable
{
    private readonly FakeMachine _machine = new();

    public ValueTask DisposeAsync() => _machine.DisposeAsync();

    [Theory(Timeout = 300_000)]
    [InlineData("domain: after")] // A step that is let finish.
    [InlineData("ssh: before")] // A step that only waits for its guest.
    public async Task Jobs_go_on_at_the_next_start_and_redo_no_finished_step(string held)
    {
        var holds = $"{FaultyStep.Of("made", held)};{FaultyStep.Of("gone", FaultyStep.Undo("disk"))}";
        var service = await _machine.StartAsync([(FaultPlan.HoldVariable, holds)], ("Provisioning:Concurrency", "1"));
        var (gone, made, queued) = await BeginAsync(service, held.Split(':')[0]);
        var clients = await WatchAsync(service, gone, made, queued);
        service.Terminate();
        foreach (var client in clients)
            await AssertToldToComeBackAsync(client);
        _machine.Release();
        Assert.Equal(0, await service.WaitForExitAsync());

        var next = await _machine.StartAsync();
        await AssertEndAsync(next, gone, "deleted");
        await AssertEndAsync(next, made, "ready");
        await AssertEndAsync(next, queued, "ready");
        Figure.Print($"SIGTERM with 2 jobs in flight ({held}) and 1 queued",
            $"exit code 0; {clients.Length} of {clients.Length} streams told to come back; 0 finished steps done again");
    }

    [Fact(Timeout = 300_000)]
    public async Task A_step_that_does_not_end_keeps_no_service_from_stopping()
    {
        var service = await _machine.StartAsync([(FaultPlan.HoldVariable, FaultyStep.Before("domain"))], ("Provisioning:ShutdownTimeout", "00:00:02"));
        var record = new EventRecord(await service.Http.CreateVmAsync());
        await record.FollowToStepAsync(service.Http, "step.started", "domain");

        Assert.Equal(0, await service.StopAsync());
        await AssertEndAsync(await _machine.StartAsync(), record, "ready");
    }

    /// <summary>A VM that is being deleted, one that is being made and one that waits for its turn.</summary>
    private static async Task<(EventRecord Gone, EventRecord Made, EventRecord Queued)> BeginAsync(RunningService service, string step)
    {
        var gone = new EventRecord(await service.Http.CreateVmAsync("""{"name": "gone"}"""));
        await gone.FollowToEndAsync(service.Http);
        Assert.Equal(HttpStatusCode.Accepted, (await service.Http.DeleteVmAsync(gone.Vm)).Status);
        await gone.FollowToStepAsync(service.Http, "step.undone", "domain");
        var made = new EventRecord(await service.Http.CreateVmAsync("""{"name": "made"}"""));
        var queued = new EventRecord(await service.Http.CreateVmAsync("""{"name": "queued"}"""));
        await made.FollowToStepAsync(service.Http, "step.started", step);
        return (gone, made, queued);
    }

    /// <summary>A stream of each VM, with its first byte read, so that it is open.</summary>
    private static async Task<RawRequest[]> WatchAsync(RunningService service, params EventRecord[] records)
    {
        var clients = await Task.WhenAll(records.Select(record => RawRequest.SendAsync(service.Http.BaseAddress!, $"GET {record.Vm}/events", [])));
        foreach (var client in clients)
            Assert.False(await client.ReadAsync(1));
        return clients;
    }

    private static async Task AssertToldToComeBackAsync(RawRequest client)
    {
        using (client)
        {
            Assert.True(await client.ReadAsync(int.MaxValue));
            Assert.Matches(@"\nretry: [0-9]+\n\n$", client.Answer);
        }
    }

    private static async Task AssertEndAsync(RunningService service, EventRecord record, string state)
    {
        await record.FollowToEndAsync(service.Http);
        Assert.Equal(state, record.State);
        record.AssertNoStepDoneAgain();
        await record.AssertWholeAsync(service.Http);
    }
}
