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
    public void What_is_done_to_a_VM_among_ten_thousand_is_timed_and_done()
    {
        var (store, one) = Fill(areDeleted: false);
        var room = new HostRoom(long.MaxValue / 4, long.MaxValue / 4, long.MaxValue / 4, 0);
        List<long> holds = [];
        // The first ones are compiled.
        for (var index = -5; index < 50; index++)
        {
            if (index == 0)
            {
                holds.Clear();
                _longest.Clear();
            }
            var name = $"new-{index}";
            var made = TestStore.Add(store, $"other-{index}", key: $"k-{index}");
            holds.Add(Time("create", () => store.Add(made with { Id = Guid.CreateVersion7(), Version = 0, Spec = made.Spec with { Name = name } }, null,
                present => Admission.Check(made.Spec, present, room, new AdmissionOptions()))));
            holds.Add(Time("update", () => TestStore.Report(store, one.Id, 1)));
            holds.Add(Time("delete", () => TestStore.Delete(store, made.Id)));
            Time("get", () => store.Find(one.Id));
            Time("list", () => store.List());
        }

        Console.WriteLine($"figure: longest hold of the store's lock at {Count} VMs, create, update and delete: {Spread(holds)}");
        foreach (var (what, ticks) in _longest)
            Console.WriteLine($"figure: longest {what} at {Count} VMs: {Milliseconds(ticks)} ms");
        Assert.Equal(1 + Count + 55, store.List().Count);
    }

    [Fact]
    public async Task VMs_are_forgotten_a_few_at_a_time_and_readers_and_writers_are_served_between()
    {
        var (store, stays) = Fill(areDeleted: true);
        using var over = new CancellationTokenSource();
        List<long> holds = [], reads = [], writes = [];
        var others = Task.CompletedTask;
        var (steps, forgotten) = (0, 0);
        var began = Stopwatch.GetTimestamp();

        for (var some = -1; some != 0; steps++)
        {
            // The first half alone, so that a step takes as long as it holds the lock; then others read and write as fast as they can, for a while.
            if (forgotten >= Count / 2 && others == Task.CompletedTask)
                others = Task.Run(() => ReadAndWrite(store, stays.Id, reads, writes, over.Token), CancellationToken.None);
            var step = Stopwatch.GetTimestamp();
            some = store.ForgetSome(DateTimeOffset.UtcNow);
            if (others == Task.CompletedTask)
                holds.Add(Stopwatch.GetTimestamp() - step);
            Assert.InRange(some, 0, VmStore.MostAtOnce);
            forgotten += some;
            Assert.Equal(stays.Id, store.Update(stays.Id, vm => vm with { Address = $"192.0.2.{steps % 250}" }, new VmEvent { Type = VmEventType.Progress }).Id);
            Assert.Equal(1 + Count - forgotten, store.ListAll().Count);
        }

        await over.CancelAsync();
        await others;
        Console.WriteLine($"figure: hold of the store's lock by a step of forgetting {Count} VMs with {EventsEach} events each: {Spread(holds)}; all {steps} steps took {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");
        Console.WriteLine($"figure: wait of GET /vms/ID meanwhile: {Spread(reads)}; of a change to another VM: {Spread(writes)}");
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
        // What filling it left behind is collected here, not in the middle of a measurement.
        GC.Collect();
        Console.WriteLine($"figure: opening a journal of {Count} VMs with {EventsEach} events each: {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");
        return (store, one);
    }

    private long Time(string what, Action act)
    {
        var began = Stopwatch.GetTimestamp();
        act();
        var took = Stopwatch.GetTimestamp() - began;
        _longest[what] = Math.Max(_longest.GetValueOrDefault(what), took);
        return took;
    }

    private static void ReadAndWrite(VmStore store, Guid id, List<long> reads, List<long> writes, CancellationToken over)
    {
        do
        {
            var began = Stopwatch.GetTimestamp();
            store.Find(id);
            var read = Stopwatch.GetTimestamp();
            TestStore.Report(store, id, 1);
            reads.Add(read - began);
            writes.Add(Stopwatch.GetTimestamp() - read);
        }
        while (!over.IsCancellationRequested && reads.Count < 5000);
    }

    // The longest of all may be what the machine did meanwhile.
    private static string Spread(List<long> ticks)
    {
        var sorted = ticks.Order().ToList();
        return $"{Milliseconds(sorted[^1])} ms, 99 of 100 up to {Milliseconds(sorted[(sorted.Count - 1) * 99 / 100])} ms, half up to {Milliseconds(sorted[sorted.Count / 2])} ms";
    }

    private static string Milliseconds(long ticks) => $"{1000.0 * ticks / Stopwatch.Frequency:0.0}";
}
