namespace AutoProvision.Vms;

/// <summary>The store by itself: watchers, names, keys, and what is forgotten.</summary>
public sealed class VmStoreTests : IDisposable
{
    private const int Limit = 30_000;
    private readonly TestStore _host = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _host.Dispose();

    [Fact(Timeout = Limit)]
    public async Task A_watcher_that_is_slower_than_events_are_trimmed_is_ended_and_one_that_keeps_up_is_not()
    {
        var store = _host.Open(mostEvents: 100);
        var vm = TestStore.Add(store, "web");
        List<long> slow = [], quick = [];
        await foreach (var what in store.WatchAsync(vm.Id, 0, Cancellation))
        {
            slow.Add(what.Seq);
            TestStore.Report(store, vm.Id, 200);
        }
        await foreach (var what in store.WatchAsync(vm.Id, null, Cancellation))
        {
            quick.Add(what.Seq);
            TestStore.Report(store, vm.Id, quick.Count is > 50 and < 100 ? 1 : 0);
            if (quick.Count == 100)
                TestStore.Delete(store, vm.Id);
        }

        Assert.Equal([1L], slow);
        Assert.Equal(Enumerable.Range(102, quick.Count).Select(seq => (long)seq), quick);
        Assert.Equal(store.Find(vm.Id)!.Version, quick[^1]);
    }

    [Fact(Timeout = Limit)]
    public async Task Who_waits_for_a_change_is_told_of_it_however_many_events_were_trimmed_meanwhile()
    {
        var store = _host.Open(mostEvents: 100);
        var vm = TestStore.Add(store, "web");
        var waiting = store.ChangedAsync(vm.Id, 1, Cancellation);
        Assert.False(waiting.IsCompleted);

        TestStore.Report(store, vm.Id, 300);

        Assert.True(await waiting);
        Assert.True(await store.ChangedAsync(vm.Id, 1, Cancellation));
        TestStore.Delete(store, vm.Id);
        Assert.False(await store.ChangedAsync(vm.Id, store.Find(vm.Id)!.Version, Cancellation));
        Assert.False(await store.ChangedAsync(Guid.NewGuid(), 0, Cancellation));
    }

    [Fact]
    public void A_name_is_free_once_its_VM_is_deleted_and_stays_with_who_took_it_then()
    {
        var store = _host.Open();
        var old = TestStore.Add(store, "web");
        Assert.Equal("name_taken", Assert.Throws<FailureException>(() => TestStore.Add(store, "web")).Code);
        TestStore.Delete(store, old.Id);
        var young = TestStore.Add(store, "web");

        // What is told of a deleted VM takes no name away.
        TestStore.Report(store, old.Id, 1);

        Assert.Equal(young, store.FindByName("web"));
        Assert.Equal([old.Id, young.Id], store.ListAll().Select(vm => vm.Id));
        Assert.Equal([young], store.List());
        Assert.Equal(young.Id, _host.Open().FindByName("web")!.Id);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Keys_and_then_their_VMs_are_forgotten_when_their_time_is_over(bool afterARestart)
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UtcNow);
        var store = _host.Open(time: time);
        var (kept, plain) = (TestStore.Add(store, "kept", key: "k"), TestStore.Add(store, "plain"));
        TestStore.Delete(store, kept.Id, time.GetUtcNow());
        TestStore.Delete(store, plain.Id, time.GetUtcNow());
        time.Advance(TimeSpan.FromHours(2));
        if (afterARestart)
            store = _host.Open(time: time);

        store.Forget(time.GetUtcNow() - TimeSpan.FromHours(1), Cancellation);
        Assert.Equal([kept.Id], store.ListAll().Select(vm => vm.Id));
        Assert.Equal(kept.Id, store.FindByKey(new IdempotencyKey("k", "print"))!.Id);
        time.Advance(TimeSpan.FromHours(23));
        // The key may stand for another one before it was forgotten.
        var next = TestStore.Add(store, "next", key: "k");
        store.Forget(time.GetUtcNow() - TimeSpan.FromHours(1), Cancellation);

        Assert.Equal([next.Id], store.ListAll().Select(vm => vm.Id));
        Assert.Equal(next.Id, store.FindByKey(new IdempotencyKey("k", "print"))!.Id);
        Assert.Equal(next.Id, _host.Open(time: time).FindByKey(new IdempotencyKey("k", "print"))!.Id);
    }

    [Fact]
    public void A_VM_waits_for_its_last_subscriber_and_is_forgotten_then()
    {
        var store = _host.Open();
        var vm = TestStore.Add(store, "web");
        TestStore.Delete(store, vm.Id, DateTimeOffset.UnixEpoch);
        store.KeepSubscriber("ci", 1, lasting: true);

        Assert.Equal(0, store.ForgetSome(DateTimeOffset.UtcNow));
        store.KeepSubscriber("ci", 2, lasting: true);

        Assert.Equal(1, store.ForgetSome(DateTimeOffset.UtcNow));
    }
}
