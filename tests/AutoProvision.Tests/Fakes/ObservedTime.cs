using Microsoft.Extensions.Time.Testing;

namespace AutoProvision.Fakes;

/// <summary>A clock that only a test moves, and that tells when somebody begins to wait on it: moved earlier, it would move past nobody.</summary>
internal sealed class ObservedTime : FakeTimeProvider
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly Lock _gate = new();
    private readonly Dictionary<TimeSpan, SemaphoreSlim> _timers = [];

    public ObservedTime()
        : base(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero))
    {
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        Timers(dueTime).Release();
        return timer;
    }

    /// <summary>Lets a wait of this length, begun now or once before, run out.</summary>
    public async Task PassAsync(TimeSpan wait)
    {
        Assert.True(await Timers(wait).WaitAsync(Limit, TestContext.Current.CancellationToken), $"Nobody waited for {wait}.");
        Advance(wait);
    }

    /// <summary>Ends when somebody waits for this length of time.</summary>
    public async Task WaitedForAsync(TimeSpan wait)
    {
        Assert.True(await Timers(wait).WaitAsync(Limit, TestContext.Current.CancellationToken), $"Nobody waited for {wait}.");
        Timers(wait).Release();
    }

    /// <summary>Counts no wait that has begun so far: those that were over early are still counted, and what is tested is another one.</summary>
    public void ForgetWaits()
    {
        lock (_gate)
            _timers.Clear();
    }

    /// <summary>Lets waits of this length run out, as they begin, until what is awaited is there.</summary>
    public async Task PassUntilAsync<T>(TimeSpan wait, Task<T> awaited, T expected)
    {
        while (!awaited.IsCompleted)
        {
            var begun = Timers(wait).WaitAsync(Limit, TestContext.Current.CancellationToken);
            if (await Task.WhenAny(begun, awaited) == begun && await begun)
                Advance(wait);
        }
        Assert.Equal(expected, await awaited);
    }

    private SemaphoreSlim Timers(TimeSpan dueTime)
    {
        lock (_gate)
            return _timers.TryGetValue(dueTime, out var timers) ? timers : _timers[dueTime] = new SemaphoreSlim(0);
    }
}
