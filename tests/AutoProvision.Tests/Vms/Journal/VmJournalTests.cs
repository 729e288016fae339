using Microsoft.Data.Sqlite;

namespace AutoProvision.Vms.Journal;

public sealed class VmJournalTests : IDisposable
{
    private readonly TestJournal _file = new();

    public void Dispose() => _file.Dispose();

    [Fact]
    public void What_was_written_is_read_again_event_by_event()
    {
        var vm = TestJournal.NewVm("web");
        VmEvent[] written = [.. Enumerable.Range(1, 20).Select(seq => _file.Event(seq) with { Vm = vm.Id, Name = "web" })];
        using (var journal = new VmJournal(_file.Path))
        {
            journal.Add(vm with { Version = 1 }, written[0], null);
            foreach (var what in written[1..])
                journal.Append(vm with { Version = what.Seq }, what);
        }

        using var again = new VmJournal(_file.Path);
        var (read, events) = Assert.Single(again.Load());

        Assert.Equivalent(vm with { Version = 20 }, read, strict: true);
        Assert.Equal(written, events);
    }

    [Fact]
    public void A_change_that_cannot_be_written_whole_is_not_written_at_all()
    {
        var vm = TestJournal.NewVm("web");
        using var journal = new VmJournal(_file.Path);
        journal.Add(vm, _file.Event(1), null);

        Assert.Throws<SqliteException>(() => journal.Append(vm with { Address = "192.0.2.1" }, _file.Event(1)));

        Assert.Null(Assert.Single(journal.Load()).Vm.Address);
    }

    [Fact]
    public void A_second_process_is_kept_out()
    {
        using (new VmJournal(_file.Path))
            Assert.Equal("journal_in_use", Assert.Throws<FailureException>(() => new VmJournal(_file.Path)).Code);

        new VmJournal(_file.Path).Dispose();
    }

    [Fact]
    public void A_removed_VM_takes_its_events_along_and_leaves_the_others()
    {
        var (one, two) = (TestJournal.NewVm("one"), TestJournal.NewVm("two"));
        using var journal = new VmJournal(_file.Path);
        journal.Add(one, _file.Event(1), null);
        journal.Add(two, _file.Event(1), null);

        journal.Remove([one.Id]);

        Assert.Equal("two", Assert.Single(journal.Load()).Vm.Spec.Name);
        journal.Add(one, _file.Event(1), null);
    }

    [Fact]
    public void Keys_are_kept_with_their_VM_and_go_with_it()
    {
        var (one, two) = (TestJournal.NewVm("one"), TestJournal.NewVm("two"));
        var kept = new KeptKey(new IdempotencyKey("k-1", "print"), one.Id, new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero));
        using (var journal = new VmJournal(_file.Path))
        {
            journal.Add(one, _file.Event(1), kept);
            journal.Add(two, _file.Event(1), kept with { Key = new IdempotencyKey("k-2", "print"), Vm = two.Id });
        }

        using var again = new VmJournal(_file.Path);
        Assert.Equal(kept, Assert.Single(again.LoadKeys(), it => it.Key.Value == "k-1"));
        again.Remove([two.Id]);
        Assert.Equal(kept, Assert.Single(again.LoadKeys()));
        again.RemoveKeys(["k-1"]);
        Assert.Empty(again.LoadKeys());
    }

    [Fact]
    public void VMs_come_back_in_the_order_they_were_added_whatever_the_clock_said()
    {
        string[] names = ["c", "a", "b"];
        using (var journal = new VmJournal(_file.Path))
            foreach (var (index, name) in names.Index())
                journal.Add(TestJournal.NewVm(name) with { CreatedAt = DateTimeOffset.UnixEpoch.AddHours(-index) }, _file.Event(1), null);

        using var again = new VmJournal(_file.Path);
        Assert.Equal(names, again.Load().Select(row => row.Vm.Spec.Name));
    }

    [Fact]
    public void How_far_forgotten_events_went_is_kept_and_does_not_shrink()
    {
        var (one, two) = (TestJournal.NewVm("one"), TestJournal.NewVm("two"));
        using (var journal = new VmJournal(_file.Path))
        {
            journal.Add(one, _file.Event(1), null);
            journal.Add(two, _file.Event(1), null);
            journal.Append(one, _file.Event(2));
            Assert.Equal(0, journal.LoadForgotten());
            journal.Remove([one.Id]);
        }

        using var again = new VmJournal(_file.Path);
        Assert.Equal(3, again.LoadForgotten());
        again.Remove([two.Id]);
        Assert.Equal(3, again.LoadForgotten());
    }

    [Fact]
    public void Subscribers_are_kept_with_their_places()
    {
        using (var journal = new VmJournal(_file.Path))
        {
            journal.KeepSubscriber("ci", 7);
            journal.KeepSubscriber("chat", 3);
            journal.KeepSubscriber("ci", 9);
        }

        using var again = new VmJournal(_file.Path);
        Assert.Equal([("chat", 3L), ("ci", 9L)], again.LoadSubscribers().Select(entry => (entry.Key, entry.Value)).Order());
        again.RemoveSubscriber("ci");
        again.RemoveSubscriber("ci");
        Assert.Equal("chat", Assert.Single(again.LoadSubscribers()).Key);
    }

    [Fact]
    public void Room_is_held_back_for_deletions()
    {
        using var journal = new VmJournal(_file.Path);

        journal.Add(TestJournal.NewVm("web"), _file.Event(1), null);

        Assert.Equal(8 * 1024 * 1024, new FileInfo(_file.Path + ".reserve").Length);
    }

    [Fact]
    public void A_reserve_that_was_not_finished_is_made_anew()
    {
        File.WriteAllText(_file.Path + ".reserve", "");
        using var journal = new VmJournal(_file.Path);

        journal.Add(TestJournal.NewVm("web"), _file.Event(1), null);

        Assert.Equal(8 * 1024 * 1024, new FileInfo(_file.Path + ".reserve").Length);
    }

    [Fact]
    public void What_was_asked_for_is_not_written_again_with_every_event()
    {
        var vm = TestJournal.NewVm("web");
        vm = vm with { Spec = vm.Spec with { UserData = new string('x', 1024 * 1024) } };
        using var journal = new VmJournal(_file.Path);
        journal.Add(vm, _file.Event(1), null);
        var log = new FileInfo(_file.Path + "-wal");
        var before = log.Length;

        foreach (var seq in Enumerable.Range(2, 20))
            journal.Append(vm with { Version = seq }, _file.Event(seq));

        log.Refresh();
        Assert.InRange(log.Length - before, 0, 1024 * 1024);
    }

    [Fact]
    public void Trimmed_events_are_gone_and_how_far_they_went_is_kept()
    {
        var (one, two) = (TestJournal.NewVm("one"), TestJournal.NewVm("two"));
        using (var journal = new VmJournal(_file.Path))
        {
            journal.Add(one, _file.Event(1), null);
            journal.Add(two, _file.Event(1), null);
            foreach (var seq in Enumerable.Range(2, 9))
                journal.Append(one with { Version = seq }, _file.Event(seq), trimTo: seq - 5);
        }

        using var again = new VmJournal(_file.Path);
        Assert.Equal([6L, 7, 8, 9, 10], again.Load()[0].Events.Select(what => what.Seq));
        Assert.Equal((one.Id, 6L), Assert.Single(again.LoadTrimmed().Select(entry => (entry.Key, entry.Value))));
        Assert.Equal(6, again.LoadForgotten());
        again.TrimAll(3);
        again.TrimAll(3);
        Assert.Equal([8L, 9, 10], again.Load()[0].Events.Select(what => what.Seq));
        Assert.Equal(8, again.LoadForgotten());
        Assert.Single(again.Load()[1].Events);
    }
}
