using System.Collections.Concurrent;
using System.Threading.Channels;

namespace AutoProvision.Fakes;

/// <summary>Named places in the fakes where a test makes something fail or wait.</summary>
internal sealed class FaultPoints
{
    private readonly ConcurrentDictionary<string, Func<CancellationToken, Task>> _points = new();

    /// <summary>Whoever passes there does this first, every time until <see cref="Clear"/>.</summary>
    public void DoAt(string point, Func<CancellationToken, Task> act) => _points[point] = act;

    /// <summary>Whoever passes there fails.</summary>
    public void FailAt(string point, Exception exception) => DoAt(point, _ => Task.FromException(exception));

    /// <summary>Whoever passes there waits until released or cancelled.</summary>
    public Gate BlockAt(string point)
    {
        var gate = new Gate();
        DoAt(point, gate.PassAsync);
        return gate;
    }

    public void Clear(string point) => _points.TryRemove(point, out _);

    public Task PassAsync(string point, CancellationToken cancellation) =>
        _points.TryGetValue(point, out var pass) ? pass(cancellation) : Task.CompletedTask;
}

/// <summary>A closed gate: a test sees that someone waits at it, and opens it.</summary>
internal sealed class Gate
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly Channel<bool> _arrivals = Channel.CreateUnbounded<bool>();
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _waiting;

    /// <summary>How many wait now.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Ends when one more has arrived.</summary>
    public Task ReachedAsync() =>
        _arrivals.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Limit, TestContext.Current.CancellationToken);

    /// <summary>How many ever waited at the same time.</summary>
    public int MostWaiting { get; private set; }

    public void Open() => _open.TrySetResult();

    public async Task PassAsync(CancellationToken cancellation)
    {
        MostWaiting = Math.Max(MostWaiting, Interlocked.Increment(ref _waiting));
        _arrivals.Writer.TryWrite(true);
        try
        {
            await _open.Task.WaitAsync(cancellation);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }
}
