using Microsoft.Extensions.Time.Testing;

namespace AutoProvision.Fakes;

/// <summary>A clock that only a test moves, and that tells when somebody begins to wait on it: moved earlier, it would move past nobody.</summary>
internal sealed class ObservedTime : FakeTimeProvider
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly Lock _gate = new();
    private readonly Dictionary<TimeSpan, SemaphoreSlim> _timers = [];
    private TaskCompletionSource _created = NewSignal();

    public ObservedTime()
        : base(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero))
    {
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        Timers(dueTime).Release();
        Interlocked.Exchange(ref _created, NewSignal()).SetResult();
        return timer;
    }

    /// <summary>Lets a wait of this length, begun now or once before, run out.</summary>
    public async Task PassAsync(TimeSpan wait)
    {
        Assert.True(await Timers(wait).WaitAsync(Limit, TestContext.Current.CancellationToken), $"Nobody waited for {wait}.");
        Advance(wait);
    }

    /// <summary>Lets one wait run out that is of one of these lengths, begun now or before.</summary>
    public Task PassOneAsync(params TimeSpan[] waits) => PassOneAsync(Task.Delay(Timeout.InfiniteTimeSpan, TestContext.Current.CancellationToken), waits);

    /// <summary>Lets waits of these lengths run out, as they begin, until what is awaited is over.</summary>
    public async Task PassUntilAsync(Task awaited, params TimeSpan[] waits)
    {
        while (!awaited.IsCompleted)
            await PassOneAsync(awaited, waits);
        await awaited;
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

    private async Task PassOneAsync(Task unless, TimeSpan[] waits)
    {
        while (true)
        {
            var created = Volatile.Read(ref _created).Task;
            foreach (var wait in waits)
                if (Timers(wait).Wait(0))
                {
                    Advance(wait);
                    return;
                }
            var first = await Task.WhenAny(created, unless, Task.Delay(Limit, TestContext.Current.CancellationToken));
            if (first == unless)
                return;
            Assert.True(first == created, $"Nobody waited for any of {string.Join(", ", waits)}.");
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SemaphoreSlim Timers(TimeSpan dueTime)
    {
        lock (_gate)
            return _timers.TryGetValue(dueTime, out var timers) ? timers : _timers[dueTime] = new SemaphoreSlim(0);
    }
}
