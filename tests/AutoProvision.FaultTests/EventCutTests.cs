using System.Net;
using AutoProvision.Fakes;
using AutoProvision.FakeService;
using AutoProvision.FaultTests.Support;

namespace AutoProvision.FaultTests;

/// <summary>Event streams that are cut at random bytes, while VMs are made and deleted, and resumed with Last-Event-ID.</summary>
public sealed class EventCutTests : IAsyncDisposable
{
    private const int Cuts = 100;
    private const int VmsAtOnce = 4;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    // Steps that take a moment, so that most of a stream is followed as it happens.
    private static readonly (string, string)[] Pauses = [(FaultPlan.PauseVariable, string.Join(';', [.. Boundaries.Making, .. Boundaries.Deleting]))];

    private readonly FakeMachine _machine = new();
    private readonly Random _random = Knobs.Seeded();
    private readonly List<CutReader> _readers = [];
    private RunningService _service = null!;

    // How many VMs there are to be; nobody knows before the end.
    private volatile int _last = int.MaxValue;

    public ValueTask DisposeAsync() => _machine.DisposeAsync();

    [Theory(Timeout = 600_000)]
    [InlineData(0)]
    [InlineData(3)]
    public async Task A_stream_that_is_cut_and_resumed_has_no_gap_and_no_repeat(int kills)
    {
        _service = await _machine.StartAsync(Pauses);
        var all = new CutReader(() => _service.Http.BaseAddress!, "/events?from=oldest", new Random(_random.Next()), () => _last);
        var following = all.FollowAsync();
        for (var left = kills; CutsSoFar < Cuts || left > 0; left--)
            await LiveTogetherAsync(isKilled: left > 0);
        // Once it is known that this is the last one, there is still something to come.
        _last = _readers.Count + 1;
        await LiveAsync(await _service.Http.CreateVmAsync(), isUncut: true);
        await following;
        await AssertWholeAsync(all);
        var inside = _readers.Sum(reader => reader.CutsInside);
        Assert.True(inside > 0, "No cut fell into an event.");
        // A client that hangs up is no news.
        Assert.Empty(_service.Troubles);
        Figure.Print($"{CutsSoFar} random SSE cuts ({inside} inside an event), {kills} kills of the service",
            $"0 gaps, 0 repeats in {_readers.Sum(reader => reader.Events.Count)} events of {_readers.Count} VMs, and likewise with {all.Cuts} cuts of the stream of all VMs");
    }

    // Every event of every VM, once, under numbers without a gap, and the same for one who starts anew.
    private async Task AssertWholeAsync(CutReader all)
    {
        Assert.Equal(Enumerable.Range(1, all.Events.Count).Select(id => (long)id), all.Events.Select(what => what.Id));
        Assert.Equal(_readers.SelectMany(reader => reader.Events).Select(what => what.Data).Order(StringComparer.Ordinal), all.Events.Select(what => what.Data).Order(StringComparer.Ordinal));
        var replay = await _service.Http.FollowAllAsync("?from=oldest", null, item => item.EventId == $"{all.Events[^1].Id}");
        Assert.Equal(replay.Select(what => (what.EventId!, what.EventType, what.Data.GetRawText())), all.Events.Select(what => ($"{what.Id}", what.Type, what.Data)));
    }

    private int CutsSoFar => _readers.Sum(reader => reader.Cuts);

    private async Task LiveTogetherAsync(bool isKilled)
    {
        List<Task> lives = [];
        for (var vm = 0; vm < VmsAtOnce; vm++)
            lives.Add(LiveAsync(await _service.Http.CreateVmAsync(), isUncut: !isKilled));
        if (isKilled)
        {
            await UntilCutsAsync(CutsSoFar + _random.Next(1, 30), lives);
            _service.Kill();
            await _service.WaitForExitAsync();
            _service = await _machine.StartAsync(Pauses);
        }
        await Task.WhenAll(lives);
    }

    private async Task UntilCutsAsync(int cuts, List<Task> lives)
    {
        while (CutsSoFar < cuts && !lives.All(life => life.IsCompleted))
            await Task.Delay(Look, TestContext.Current.CancellationToken);
    }

    /// <summary>A VM from its making to its end, followed by two readers: one whose connections are cut, and one that takes what comes.</summary>
    private async Task LiveAsync(string vm, bool isUncut)
    {
        var cut = new CutReader(() => _service.Http.BaseAddress!, $"{vm}/events", new Random(_random.Next()), deletions: () => 1);
        _readers.Add(cut);
        var reading = cut.FollowAsync();
        var uncut = new EventRecord(vm);
        var breaks = await PersistAsync(() => uncut.FollowAsync(_service.Http, what => what.EventType == "state" && what.Data.Text("state") == "ready"));
        breaks += await PersistAsync(() => TryDeleteAsync(vm));
        breaks += await PersistAsync(() => uncut.FollowAsync(_service.Http, _ => false));
        await reading;
        Assert.True(breaks == 0 || !isUncut, "The uncut stream broke.");
        Assert.Equal(uncut.Ids, cut.Events.Select(what => $"{what.Id}"));
        await uncut.AssertWholeAsync(_service.Http);
        var replay = await _service.Http.FollowAsync(vm);
        Assert.Equal(replay.Select(what => (what.EventId!, what.EventType, what.Data.GetRawText())), cut.Events.Select(what => ($"{what.Id}", what.Type, what.Data)));
    }

    private async Task<bool> TryDeleteAsync(string vm)
    {
        try
        {
            return (await _service.Http.DeleteVmAsync(vm)).Status == HttpStatusCode.Accepted;
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Tries until it works, also while the service is down.</summary>
    /// <returns>How often it did not.</returns>
    private static async Task<int> PersistAsync(Func<Task<bool>> act)
    {
        var failures = 0;
        for (; !await act(); failures++)
            await Task.Delay(Look, TestContext.Current.CancellationToken);
        return failures;
    }
}
