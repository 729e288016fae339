using System.Diagnostics;
using System.Net;
using System.Text.Json;
using AutoProvision.Fakes;
using AutoProvision.FakeService;

namespace AutoProvision.FaultTests.Support;

/// <summary>
/// A service that is killed at each of the boundaries, by a VM of its own, and started again. The process that recovers one VM is
/// the one that the next VM kills.
/// </summary>
internal sealed class KillRun(IReadOnlyList<string> boundaries) : IAsyncDisposable
{
    // Of a test that hangs; how long a recovery takes is a figure.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private readonly FakeMachine _machine = new();
    private readonly Dictionary<string, int> _ends = [];
    private RunningService _service = null!;
    private int _number;

    public bool HasNext => _number < boundaries.Count;

    public TimeSpan Slowest { get; private set; }

    /// <summary>How many of the VMs that killed the service ended in this state.</summary>
    public int Ended(string state) => _ends.GetValueOrDefault(state);

    private string Victim => $"victim-{_number}";

    private HttpClient Http => _service.Http;

    public async Task StartAsync() =>
        _service = await _machine.StartAsync(HasNext ? [(FaultPlan.KillVariable, FaultyStep.Of(Victim, boundaries[_number]))] : []);

    /// <summary>Lets the next boundary kill the service, with other VMs in the making, and sees all of them end and go.</summary>
    public async Task NextAsync(int others)
    {
        var (victim, boundary) = (Victim, boundaries[_number]);
        List<EventRecord> records = [];
        for (var other = 0; other < others; other++)
            records.Add(new EventRecord(await Http.CreateVmAsync()));
        var record = boundary.EndsWith(": undo", StringComparison.Ordinal) ? await DeleteAsync(victim) : await MakeAsync(victim);
        Assert.Equal(RunningService.Killed, await _service.WaitForExitAsync());

        _number++;
        var watch = Stopwatch.StartNew();
        await StartAsync();
        record ??= new EventRecord(await FindAsync(victim));
        foreach (var each in (EventRecord[])[record, .. records])
            await RecoverAsync(each, watch);
        _ends[record.State!] = _ends.GetValueOrDefault(record.State!) + 1;
        foreach (var each in (EventRecord[])[record, .. records])
            await ClearAsync(each);
        Assert.Empty(_machine.Traces);
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();

    /// <summary>Asks for the VM that will kill the service; null where the answer was lost with it.</summary>
    private async Task<EventRecord?> MakeAsync(string name)
    {
        try
        {
            var record = new EventRecord(await Http.CreateVmAsync($$"""{"name": "{{name}}"}"""));
            await record.FollowToBreakAsync(Http);
            return record;
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            return null;
        }
    }

    private async Task<EventRecord> DeleteAsync(string name)
    {
        var record = new EventRecord(await Http.CreateVmAsync($$"""{"name": "{{name}}"}"""));
        await record.FollowToEndAsync(Http);
        Assert.Equal("ready", record.State);
        try
        {
            await Http.DeleteVmAsync(record.Vm);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            // The answer was lost.
        }
        await record.FollowToBreakAsync(Http);
        return record;
    }

    // The VM was journalled before its job could kill the service.
    private async Task<string> FindAsync(string name)
    {
        var vms = await Http.GetJsonAsync("/vms");
        return $"/vms/{vms.EnumerateArray().Single(vm => vm.Text("name") == name).Text("id")}";
    }

    private async Task RecoverAsync(EventRecord record, Stopwatch watch)
    {
        await record.FollowToEndAsync(Http).WaitAsync(Limit, TestContext.Current.CancellationToken);
        Slowest = watch.Elapsed > Slowest ? watch.Elapsed : Slowest;
        var vm = await Http.GetJsonAsync(record.Vm);
        Assert.Equal(0, vm.GetProperty("leftovers").GetArrayLength());
        Assert.True(record.State != "failed" || vm.GetProperty("failure").ValueKind == JsonValueKind.Object, $"{vm}");
    }

    private async Task ClearAsync(EventRecord record)
    {
        if (record.State != "deleted")
        {
            Assert.Equal(HttpStatusCode.Accepted, (await Http.DeleteVmAsync(record.Vm)).Status);
            await record.FollowToEndAsync(Http);
        }
        await record.AssertWholeAsync(Http);
    }
}
