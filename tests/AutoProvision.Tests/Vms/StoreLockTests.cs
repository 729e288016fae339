using System.Diagnostics;
using AutoProvision.Hypervisors;

namespace AutoProvision.Vms;

/// <summary>
/// The store with 10,000 VMs: how long its lock is held is printed, what may happen under it is asserted. With
/// AUTOPROVISION_FAULT_ROUNDS above 1 each VM has as many events as a real one.
/// </summary>
public sealed class StoreLockTests : IDisposable
{
    private const int Count = 10_000;
    private static readonly int EventsEach = int.TryParse(Environment.GetEnvironmentVariable("AUTOPROVISION_FAULT_ROUNDS"), out var rounds) && rounds > 1 ? 50 : 5;
    private readonly TestStore _host = new();
    private readonly Dictionary<string, long> _longest = [];

    public void Dispose() => _host.Dispose();

    [Fact]
    public void Nothing_that_is_done_to_a_VM_holds_the_lock_for_long()
    {
        var (store, one) = Fill(areDeleted: false);
        var room = new HostRoom(long.MaxValue / 4, long.MaxValue / 4, long.MaxValue / 4, 0);
        long longest = 0;
        Time("warm up", () => TestStore.Add(store, "warm"));
        TestStore.Report(store, one.Id, 1);

        for (var index = 0; index < 50; index++)
        {
            var name = $"new-{index}";
            var made = TestStore.Add(store, $"other-{index}", key: $"k-{index}");
            longest = Math.Max(longest, Time("create", () => store.Add(made with { Id = Guid.CreateVersion7(), Version = 0, Spec = made.Spec with { Name = name } }, null,
                present => Admission.Check(made.Spec, present, room, new AdmissionOptions()))));
            longest = Math.Max(longest, Time("update", () => TestStore.Report(store, one.Id, 1)));
            longest = Math.Max(longest, Time("delete", () => TestStore.Delete(store, made.Id)));
            Time("get", () => store.Find(one.Id));
            Time("list", () => store.List());
        }

        Console.WriteLine($"figure: longest hold of the store's lock at {Count} VMs, create, update and delete: {Milliseconds(longest)} ms");
        foreach (var (what, ticks) in _longest)
            Console.WriteLine($"figure: longest {what} at {Count} VMs: {Milliseconds(ticks)} ms");
        Assert.Equal(Count + 2 + 50, store.List().Count);
    }

    [Fact]
    public async Task VMs_are_forgotten_a_few_at_a_time_and_readers_and_writers_are_served_between()
    {
        var (store, stays) = Fill(areDeleted: true);
        using var over = new CancellationTokenSource();
        // Meanwhile somebody reads and somebody writes, as fast as they can.
        var (reads, writes) = (MeasureAsync(() => store.Find(stays.Id), over.Token), MeasureAsync(() => TestStore.Report(store, stays.Id, 1), over.Token));
        var (steps, forgotten, longest) = (0, 0, 0L);
        var began = Stopwatch.GetTimestamp();

        for (var some = -1; some != 0; steps++)
        {
            longest = Math.Max(longest, Time("step", () => some = store.ForgetSome(DateTimeOffset.UtcNow)));
            Assert.InRange(some, 0, VmStore.MostAtOnce);
            forgotten += some;
            Assert.Equal(stays.Id, store.Update(stays.Id, vm => vm with { Address = $"192.0.2.{steps % 250}" }, new VmEvent { Type = VmEventType.Progress }).Id);
            Assert.Equal(1 + Count - forgotten, store.ListAll().Count);
        }

        await over.CancelAsync();
        Console.WriteLine($"figure: longest step of forgetting {Count} VMs with {EventsEach} events each, waits for the lock included: {Milliseconds(longest)} ms; all {steps} steps: {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");
        Console.WriteLine($"figure: longest wait of GET /vms/ID meanwhile: {Milliseconds(await reads)} ms; of a change to another VM: {Milliseconds(await writes)} ms");
        Assert.Equal(Count, forgotten);
        Assert.Equal(stays.Id, Assert.Single(store.ListAll()).Id);
        _host.Close();
        Assert.Equal(stays.Id, Assert.Single(_host.Open().ListAll()).Id);
    }

    [Fact]
    public void All_is_forgotten_at_once_unless_it_is_cancelled()
    {
        var store = _host.Open();
        foreach (var index in Enumerable.Range(0, 3 * VmStore.MostAtOnce))
            TestStore.Delete(store, TestStore.Add(store, $"vm-{index}").Id, DateTimeOffset.UnixEpoch);
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();

        Assert.Throws<OperationCanceledException>(() => store.Forget(DateTimeOffset.UtcNow, cancelled.Token));
        Assert.Equal(2 * VmStore.MostAtOnce, store.ListAll().Count);
        store.Forget(DateTimeOffset.UtcNow, TestContext.Current.CancellationToken);

        Assert.Empty(store.ListAll());
        Assert.Equal(0, store.Events.CountAfter(0, EventFilter.All));
    }

    [Fact]
    public async Task Readers_do_not_wait_for_who_holds_the_lock()
    {
        var store = _host.Open();
        var vm = TestStore.Add(store, "web");
        var limit = TimeSpan.FromSeconds(30);

        store.Update(vm.Id, before =>
        {
            // Under the lock: each of these would wait for it in vain.
            var reading = Task.Run(async () =>
            {
                Assert.Equal(vm, store.Find(vm.Id));
                Assert.Equal(vm, store.FindByName("web"));
                Assert.Equal([vm], store.List());
                Assert.Equal([vm], store.ListAll());
                Assert.False(store.ExpiriesChanged.IsCompleted);
                Assert.Equal(1, store.Events.CountAfter(0, EventFilter.All));
                Assert.Equal(1, store.FindOldestEvent(vm.Id)!.Seq);
                Assert.True(await store.ChangedAsync(vm.Id, 0, CancellationToken.None));
                await foreach (var what in store.WatchAsync(vm.Id, null, CancellationToken.None))
                    return what.Seq;
                return 0;
            });
            Assert.True(reading.Wait(limit));
            Assert.Equal(1, reading.Result);
            return before with { Address = "192.0.2.1" };
        }, new VmEvent { Type = VmEventType.Progress });

        Assert.Equal("192.0.2.1", store.Find(vm.Id)!.Address);
        Assert.True(await store.ChangedAsync(vm.Id, 1, TestContext.Current.CancellationToken));
    }

    private (VmStore Store, Vm One) Fill(bool areDeleted)
    {
        var one = TestStore.Add(_host.Open(), "one");
        _host.Close();
        _host.Multiply(Count, EventsEach, areDeleted);
        var began = Stopwatch.GetTimestamp();
        var store = _host.Open();
        Console.WriteLine($"figure: opening a journal of {Count} VMs with {EventsEach} events each: {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");
        return (store, one);
    }

    private long Time(string what, Action act)
    {
        var began = Stopwatch.GetTimestamp();
        act();
        var took = Stopwatch.GetTimestamp() - began;
        if (what != "warm up")
            _longest[what] = Math.Max(_longest.GetValueOrDefault(what), took);
        return took;
    }

    private static Task<long> MeasureAsync(Action act, CancellationToken over) => Task.Run(() =>
    {
        long longest = 0;
        do
        {
            var began = Stopwatch.GetTimestamp();
            act();
            longest = Math.Max(longest, Stopwatch.GetTimestamp() - began);
        }
        while (!over.IsCancellationRequested);
        return longest;
    }, CancellationToken.None);

    private static string Milliseconds(long ticks) => $"{1000.0 * ticks / Stopwatch.Frequency:0.0}";
}
