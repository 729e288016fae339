using System.Collections.Concurrent;
using System.Diagnostics;
using AutoProvision.Fakes;
using AutoProvision.FakeService;
using AutoProvision.FaultTests.Support;

namespace AutoProvision.FaultTests.Fuzzing;

/// <summary>The service that is fuzzed. Where its process ends, which is a fault, a new one on a new machine takes its place, so that the other faults are seen too.</summary>
internal sealed class FuzzTarget(FuzzReport report) : IAsyncDisposable
{
    private const int MostRestarts = 20;
    private static readonly string[] LastWords = ["Stack overflow", "Unhandled exception", "Out of memory", "Process terminated"];
    private readonly ConcurrentDictionary<int, FuzzRequest> _inFlight = new();
    private readonly SemaphoreSlim _gate = new(1);
    private FakeMachine? _machine;

    public RunningService Service { get; private set; } = null!;

    public FuzzVms Vms { get; private set; } = null!;

    public int Restarts { get; private set; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async Task StartAsync()
    {
        if (_machine is not null)
            await _machine.DisposeAsync();
        _machine = new FakeMachine();
        // A hypervisor that need not outlive the service writes no file.
        // Deleted VMs are forgotten soon: an hour's worth of them would count as growth from round to round.
        Service = await _machine.StartAsync([(FaultPlan.HypervisorFileVariable, "")], ("Provisioning:Concurrency", "16"), ("Provisioning:DeletedRetention", "00:00:01"), ("Provisioning:ReconcileInterval", "00:00:01"), ("Serilog:MinimumLevel:Default", "Warning"));
        Vms = new FuzzVms(Service.Http);
    }

    /// <summary>Sends a request and reads its answer.</summary>
    /// <returns>Null where the service has died meanwhile.</returns>
    public async Task<FuzzAnswer?> SendAsync(FuzzRequest request, int round)
    {
        var (service, vms) = (Service, Vms);
        _inFlight[request.Index] = request;
        try
        {
            var wire = request.ToWire(service.Http.BaseAddress!.Authority, text => VmMarks.Resolve(text, vms.Find).Replace("$round$", $"{round}", StringComparison.Ordinal));
            var answer = await RawExchange.SendAsync(service.Http.BaseAddress, request, wire, Cancellation);
            if (answer.End is AnswerEnd.Dropped or AnswerEnd.Unreachable && await IsReplacedAsync(service))
                return null;
            await vms.NoteAsync(answer);
            return answer;
        }
        catch (HttpRequestException) when (service != Service || service.HasExited)
        {
            await IsReplacedAsync(service);
            return null;
        }
        finally
        {
            _inFlight.TryRemove(request.Index, out _);
        }
    }

    /// <summary>Does something between requests, which a service that has died does not spoil.</summary>
    public async Task TryAsync(Func<FuzzVms, Task> act)
    {
        var service = Service;
        try
        {
            await act(Vms);
        }
        catch (HttpRequestException) when (service != Service || service.HasExited)
        {
            await IsReplacedAsync(service);
        }
    }

    /// <summary>Resident memory in KiB, once the service has collected its garbage.</summary>
    public async Task<long> MeasureAsync()
    {
        var before = Collections();
        using (var kill = Process.Start("kill", ["-USR1", $"{Service.Pid}"]))
            await kill.WaitForExitAsync(Cancellation);
        while (Collections() == before)
            await Task.Delay(TimeSpan.FromMilliseconds(20), Cancellation);
        return ResidentMemory.Of(Service.Pid);
    }

    /// <summary>What the service itself calls an error is one.</summary>
    public void CheckLog()
    {
        foreach (var line in Service.Log.Split('\n').Where(line => line.Contains(" ERR ", StringComparison.Ordinal) || line.Contains(" FTL ", StringComparison.Ordinal)))
            report.AddFault("an error in the log", line);
    }

    public async ValueTask DisposeAsync()
    {
        if (_machine is not null)
            await _machine.DisposeAsync();
        _gate.Dispose();
    }

    private int Collections() => Service.Log.Split('\n').Count(line => line == FakeProgram.Collected);

    private async Task<bool> IsReplacedAsync(RunningService service)
    {
        await _gate.WaitAsync(Cancellation);
        try
        {
            if (service == Service && await HasEndedAsync(service))
            {
                CheckLog();
                report.AddFault("the service's process ended", $"{LastWordsOf(service)}\n    while these were asked:\n    {string.Join("\n    ", _inFlight.Values)}");
                Assert.True(++Restarts <= MostRestarts, "The service has ended too often.");
                await StartAsync();
                await Vms.FillAsync();
            }
            return service != Service;
        }
        finally
        {
            _gate.Release();
        }
    }

    // Most connections are closed for what was sent over them: one that answers has not ended.
    private static async Task<bool> HasEndedAsync(RunningService service)
    {
        try
        {
            using var answer = await service.Http.GetAsync(new Uri("/healthz", UriKind.Relative), Cancellation);
            return false;
        }
        catch (HttpRequestException)
        {
            return await ExitsAsync(service);
        }
    }

    // The connection breaks a moment before the process is gone.
    private static async Task<bool> ExitsAsync(RunningService service)
    {
        try
        {
            await service.WaitForExitAsync(TimeSpan.FromSeconds(1));
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static string LastWordsOf(RunningService service)
    {
        var lines = service.Log.Split('\n');
        var first = Array.FindIndex(lines, line => LastWords.Any(words => line.Contains(words, StringComparison.Ordinal)));
        return string.Join("\n    ", first < 0 ? lines.TakeLast(3) : lines.Skip(first).Take(6));
    }
}
