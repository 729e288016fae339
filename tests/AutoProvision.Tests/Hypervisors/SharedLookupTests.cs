using AutoProvision.Hypervisors.Libvirt;
using Microsoft.Extensions.Time.Testing;

namespace AutoProvision.Hypervisors;

public sealed class SharedLookupTests
{
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(100);
    private readonly FakeTimeProvider _time = new();
    private readonly List<TaskCompletionSource<int>> _looks = [];

    private SharedLookup<int> Lookup => field ??= new SharedLookup<int>(Look, Fresh, _time);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Many_askers_cost_one_look()
    {
        var asked = Enumerable.Range(0, 50).Select(_ => Lookup.GetAsync(Cancellation)).ToList();
        _time.Advance(Fresh * 10);
        asked.Add(Lookup.GetAsync(Cancellation));

        Assert.Single(_looks).SetResult(7);

        Assert.All(await Task.WhenAll(asked), answer => Assert.Equal(7, answer));
    }

    [Fact]
    public async Task An_answer_is_used_while_it_is_fresh()
    {
        var first = Lookup.GetAsync(Cancellation);
        _looks[0].SetResult(1);
        await first;
        Assert.Equal(1, await Lookup.GetAsync(Cancellation));
        _time.Advance(Fresh);

        var second = Lookup.GetAsync(Cancellation);
        _looks[1].SetResult(2);

        Assert.Equal(2, await second);
    }

    [Fact]
    public async Task One_asker_who_leaves_takes_nothing_from_the_others()
    {
        using var leaving = new CancellationTokenSource();
        var left = Lookup.GetAsync(leaving.Token);
        var stayed = Lookup.GetAsync(Cancellation);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);

        _looks[0].SetResult(3);

        Assert.Equal(3, await stayed);
    }

    [Fact]
    public async Task A_failed_look_is_not_kept_for_ever()
    {
        var failed = Lookup.GetAsync(Cancellation);
        _looks[0].SetException(new IOException());
        await Assert.ThrowsAsync<IOException>(() => failed);
        _time.Advance(Fresh);

        var again = Lookup.GetAsync(Cancellation);
        _looks[1].SetResult(4);

        Assert.Equal(4, await again);
    }

    private Task<int> Look()
    {
        _looks.Add(new TaskCompletionSource<int>());
        return _looks[^1].Task;
    }
}
