using System.Globalization;
using AutoProvision.Fakes;
using AutoProvision.FaultTests.Fuzzing;
using AutoProvision.FaultTests.Support;

namespace AutoProvision.FaultTests;

/// <summary>
/// Requests to every operation of the OpenAPI document: valid ones, and ones with something wrong in the body, the path, the query, the
/// headers or in how HTTP is spoken. AUTOPROVISION_FUZZ_REQUESTS says how many, AUTOPROVISION_FAULT_SEED repeats them, and
/// AUTOPROVISION_FUZZ_ONLY sends the one with that number alone.
/// </summary>
public sealed class FuzzTests : IAsyncDisposable
{
    // In the first round caches, pools and compiled code are filled; what grows from the second to the third grows for ever.
    private const int Rounds = 3;
    private const int AtOnce = 4;
    private const int BetweenMends = 100;

    // The garbage collector's own ups and downs weigh more in a short run, which holds less.
    private static readonly double MostGrowth = Knobs.FuzzRequests >= 20_000 ? 1.1 : 1.25;
    private readonly int _seed = Knobs.Seed();
    private readonly FuzzReport _report;
    private readonly FuzzTarget _target;
    private RequestGenerator _generator = null!;
    private Judge _judge = null!;

    public FuzzTests()
    {
        _report = new FuzzReport(_seed);
        _target = new FuzzTarget(_report);
    }

    public ValueTask DisposeAsync() => _target.DisposeAsync();

    [Fact(Timeout = 7_200_000)]
    public async Task Whatever_is_asked_gets_a_documented_answer_and_leaves_the_service_as_it_was()
    {
        Figure.Print("fuzz seed", $"{_seed}");
        await _target.StartAsync();
        var document = new ApiDocument(await _target.Service.Http.GetJsonAsync("/openapi/v1.json"));
        (_generator, _judge) = (new RequestGenerator(document, _seed), new Judge(document));
        var resident = await AskInRoundsAsync();
        _target.CheckLog();
        _report.Print();
        Figure.Print("fuzz: restarts", $"{_target.Restarts}");
        Figure.Print("fuzz: RSS after each of the equal rounds", string.Join(", ", resident.Select(kilobytes => $"{kilobytes / 1024} MiB")));
        _report.AssertNone();
        if (Knobs.FuzzOnly is null)
            Assert.Equal(document.Operations.Select(operation => operation.Name).Order(), _report.Seen.Order());
        var growth = resident[2] / (double)resident[1];
        Assert.True(growth <= MostGrowth, string.Create(CultureInfo.InvariantCulture, $"After the third round there is {growth:0.00} times the memory of after the second."));
    }

    private async Task<long[]> AskInRoundsAsync()
    {
        var resident = new long[Rounds];
        await using var probe = new HealthProbe(() => _target.Service.Http.BaseAddress!);
        for (var round = 0; round < Rounds; round++)
        {
            await AskAllAsync(round);
            resident[round] = await _target.MeasureAsync();
        }
        await probe.StopAsync();
        probe.Print();
        if (probe.Failures > 0 && _target.Restarts == 0)
            _report.AddFault("/healthz was not answered with 200", $"{probe.Failures} times");
        return resident;
    }

    private async Task AskAllAsync(int round)
    {
        await _target.TryAsync(vms => vms.FillAsync());
        var numbers = Knobs.FuzzOnly is { } only ? Enumerable.Repeat(only, 1) : Enumerable.Range(0, Knobs.FuzzRequests / Rounds);
        await Parallel.ForEachAsync(numbers, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = TestContext.Current.CancellationToken }, async (number, _) => await AskAsync(number, round));
        await _target.TryAsync(async vms =>
        {
            foreach (var left in await vms.ClearAsync())
                _report.AddFault("it is still there when all VMs were deleted", left);
        });
    }

    private async Task AskAsync(int number, int round)
    {
        var request = _generator.Make(number);
        if (await _target.SendAsync(request, round) is { } answer)
            _report.Add(request, answer, _judge.Find(request, answer));
        if (number % BetweenMends == 0)
            await _target.TryAsync(vms => vms.MendAsync());
    }
}
