using System.Runtime.CompilerServices;

namespace AutoProvision.Vms.Journal;

/// <summary>What deleted VMs took, on the disk and in memory, is given back.</summary>
public sealed class JournalRoomTests : IDisposable
{
    private const int Count = 30;
    private const int MiB = 1024 * 1024;
    private readonly TestStore _host = new();

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Thirty_VMs_with_large_bodies_leave_neither_room_taken_nor_memory_when_they_are_deleted(bool haveKeys)
    {
        var store = _host.Open();
        TestStore.Add(store, "small");
        var before = _host.Size;
        var (vms, bodies) = MakeLarge(store, haveKeys);
        var full = _host.Size;
        Assert.All(bodies, body => Assert.True(body.IsAlive));

        foreach (var vm in vms)
            TestStore.Delete(store, vm);
        store.GiveRoomBack(TestContext.Current.CancellationToken);

        Console.WriteLine($"figure: journal and its log with {Count} deleted VMs of 3 MiB each (keys: {haveKeys}): {before / 1024} KiB before, {full / MiB} MiB with them, {_host.Size / 1024} KiB once they are deleted");
        Assert.InRange(full, Count * 3L * MiB, long.MaxValue);
        Assert.InRange(_host.Size, 0, before + 2 * MiB);
        GC.Collect();
        Assert.All(bodies, body => Assert.False(body.IsAlive));
        GC.KeepAlive(store);
        // They are still known, and stay so over a restart.
        Assert.Equal(1 + Count, store.ListAll().Count);
        Assert.All(_host.Open().ListAll().Skip(1), vm => Assert.Empty(vm.Spec.Files));
    }

    [Fact]
    public void Room_is_given_back_in_steps()
    {
        var store = _host.Open();
        foreach (var vm in MakeLarge(store, haveKeys: false).Vms)
            TestStore.Delete(store, vm);
        var steps = 1;

        // 1 MiB each, and the last one cuts the file off.
        while (_host.Journal.GiveRoomBack())
            steps++;

        Assert.InRange(steps, Count * 2, Count * 4);
        Assert.False(_host.Journal.GiveRoomBack());
    }

    [Fact]
    public void A_large_body_does_not_stay_in_the_log()
    {
        var store = _host.Open();
        MakeLarge(store, haveKeys: false);

        store.GiveRoomBack(TestContext.Current.CancellationToken);

        Assert.InRange(new FileInfo(_host.File.Path + "-wal").Length, 0, VmJournal.MostLogBytes);
    }

    // The bodies are nowhere but in the store.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (List<Guid> Vms, List<WeakReference> Bodies) MakeLarge(VmStore store, bool haveKeys)
    {
        List<Guid> vms = [];
        List<WeakReference> bodies = [];
        foreach (var index in Enumerable.Range(0, Count))
        {
            var vm = TestJournal.NewVm($"large-{index}") with { State = VmState.Ready };
            var body = new string('x', 3 * MiB);
            bodies.Add(new WeakReference(body));
            vms.Add(TestStore.Add(store, vm with { Spec = vm.Spec with { Files = [new VmFile("/large", body)] } }, haveKeys ? $"k-{index}" : null).Id);
        }
        return (vms, bodies);
    }
}
