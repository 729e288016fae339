using Microsoft.Data.Sqlite;

namespace AutoProvision.Vms.Journal;

public sealed class VmJournalTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("autoprovision-journal-");
    private long _position;

    private string Path => System.IO.Path.Combine(_directory.FullName, "journal.db");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void What_was_written_is_read_again_event_by_event()
    {
        var vm = NewVm("web");
        VmEvent[] written = [.. Enumerable.Range(1, 20).Select(seq => Event(seq) with { Vm = vm.Id, Name = "web" })];
        using (var journal = new VmJournal(Path))
        {
            journal.Add(vm with { Version = 1 }, written[0], null);
            foreach (var what in written[1..])
                journal.Append(vm with { Version = what.Seq }, what);
        }

        using var again = new VmJournal(Path);
        var (read, events) = Assert.Single(again.Load());

        Assert.Equivalent(vm with { Version = 20 }, read, strict: true);
        Assert.Equal(written, events);
    }

    [Fact]
    public void A_change_that_cannot_be_written_whole_is_not_written_at_all()
    {
        var vm = NewVm("web");
        using var journal = new VmJournal(Path);
        journal.Add(vm, Event(1), null);

        Assert.Throws<SqliteException>(() => journal.Append(vm with { Address = "192.0.2.1" }, Event(1)));

        Assert.Null(Assert.Single(journal.Load()).Vm.Address);
    }

    [Fact]
    public void A_second_process_is_kept_out()
    {
        using (new VmJournal(Path))
            Assert.Equal("journal_in_use", Assert.Throws<FailureException>(() => new VmJournal(Path)).Code);

        new VmJournal(Path).Dispose();
    }

    [Fact]
    public void A_removed_VM_takes_its_events_along_and_leaves_the_others()
    {
        var (one, two) = (NewVm("one"), NewVm("two"));
        using var journal = new VmJournal(Path);
        journal.Add(one, Event(1), null);
        journal.Add(two, Event(1), null);

        journal.Remove(one.Id);

        Assert.Equal("two", Assert.Single(journal.Load()).Vm.Spec.Name);
        journal.Add(one, Event(1), null);
    }

    [Theory]
    [InlineData("this is no database at all, but long enough to be looked at: ................................................................")]
    [InlineData("SQLite format 3\0 and then nonsense")]
    public void A_file_that_is_no_journal_is_refused_and_left_as_it_is(string content)
    {
        File.WriteAllText(Path, content);

        Assert.Equal("journal_damaged", Assert.Throws<FailureException>(() => new VmJournal(Path)).Code);

        Assert.Equal(content, File.ReadAllText(Path));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(4096)]
    [InlineData(8192)]
    public void A_journal_damaged_in_the_middle_is_refused_and_left_as_it_is(int offset)
    {
        using (var journal = new VmJournal(Path))
            foreach (var seq in Enumerable.Range(1, 50))
                journal.Add(NewVm($"vm-{seq}"), Event(1), null);
        var bytes = File.ReadAllBytes(Path);
        Array.Fill(bytes, (byte)0xA5, offset, 512);
        File.WriteAllBytes(Path, bytes);

        Assert.Equal("journal_damaged", Assert.Throws<FailureException>(() => new VmJournal(Path)).Code);

        Assert.Equal(bytes, File.ReadAllBytes(Path));
    }

    [Fact]
    public void A_journal_that_was_emptied_is_refused_and_left_as_it_is()
    {
        using (var journal = new VmJournal(Path))
            journal.Add(NewVm("web"), Event(1), null);
        File.WriteAllText(Path, "");

        Assert.Equal("journal_damaged", Assert.Throws<FailureException>(() => new VmJournal(Path)).Code);

        Assert.Equal(0, new FileInfo(Path).Length);
    }

    [Fact]
    public void A_journal_that_went_without_its_log_is_refused_and_the_log_is_left()
    {
        var (file, log) = (Path, Path + "-wal");
        using (var journal = new VmJournal(file))
        {
            journal.Add(NewVm("web"), Event(1), null);
            File.Copy(log, log + ".copy");
        }
        File.Delete(file);
        File.Move(log + ".copy", log);

        Assert.Equal("journal_damaged", Assert.Throws<FailureException>(() => new VmJournal(file)).Code);

        Assert.Equal([log], Directory.GetFiles(_directory.FullName, "journal.db*").Except([file + ".reserve"]));
    }

    [Fact]
    public void Bodies_that_are_not_understood_are_damage_as_well()
    {
        using (var journal = new VmJournal(Path))
            journal.Add(NewVm("web"), Event(1), null);
        Execute("UPDATE vms SET body = '{}'");

        using var again = new VmJournal(Path);

        Assert.Equal("journal_damaged", Assert.Throws<FailureException>(again.Load).Code);
    }

    [Fact]
    public void A_journal_of_a_newer_version_is_refused()
    {
        using (new VmJournal(Path))
        {
        }
        Execute("PRAGMA user_version = 99");

        Assert.Equal("journal_newer", Assert.Throws<FailureException>(() => new VmJournal(Path)).Code);
    }

    [Fact]
    public void Keys_are_kept_with_their_VM_and_go_with_it()
    {
        var (one, two) = (NewVm("one"), NewVm("two"));
        var kept = new KeptKey(new IdempotencyKey("k-1", "print"), one.Id, new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero));
        using (var journal = new VmJournal(Path))
        {
            journal.Add(one, Event(1), kept);
            journal.Add(two, Event(1), kept with { Key = new IdempotencyKey("k-2", "print"), Vm = two.Id });
        }

        using var again = new VmJournal(Path);
        Assert.Equal(kept, Assert.Single(again.LoadKeys(), it => it.Key.Value == "k-1"));
        again.Remove(two.Id);
        Assert.Equal(kept, Assert.Single(again.LoadKeys()));
        again.RemoveKey("k-1");
        Assert.Empty(again.LoadKeys());
    }

    [Fact]
    public void VMs_come_back_in_the_order_they_were_added_whatever_the_clock_said()
    {
        string[] names = ["c", "a", "b"];
        using (var journal = new VmJournal(Path))
            foreach (var (index, name) in names.Index())
                journal.Add(NewVm(name) with { CreatedAt = DateTimeOffset.UnixEpoch.AddHours(-index) }, Event(1), null);

        using var again = new VmJournal(Path);
        Assert.Equal(names, again.Load().Select(row => row.Vm.Spec.Name));
    }

    [Fact]
    public void An_older_journal_is_copied_and_then_brought_to_this_version_with_all_that_is_in_it()
    {
        var (late, early) = (NewVm("late"), NewVm("early") with { CreatedAt = DateTimeOffset.UnixEpoch });
        VmEvent[] told = [Event(1), Event(2)];
        OlderJournal.Write(Path, (late, told), (early, [Event(1)]));

        using (var journal = new VmJournal(Path))
        {
            var rows = journal.Load();
            Assert.Equivalent(new[] { early, late }, rows.Select(row => row.Vm), strict: true);
            Assert.Equal(told, rows[1].Events.Select(what => what with { Position = told[what.Seq - 1].Position, Vm = Guid.Empty, Name = "" }));
            Assert.Empty(journal.LoadKeys());
        }

        using (var again = new VmJournal(Path))
            Assert.Equal(2, again.Load().Count);
        Assert.Equal(["journal.db", "journal.db.v1.bak"], _directory.GetFiles().Select(file => file.Name).Order());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path + ".v1.bak"));
        Assert.Equal(2L, OlderJournal.CountVms(Path + ".v1.bak"));
    }

    [Fact]
    public void Events_of_version_2_get_their_places_by_time_but_never_against_the_order_within_a_VM()
    {
        var (one, two) = (NewVm("one"), NewVm("two"));
        // The clock was set back an hour after one's second event.
        OlderJournal.Write2(Path, (one, [At(1, 10), At(2, 20), At(3, -40)]), (two, [At(1, 15), At(2, 25)]));

        using var journal = new VmJournal(Path);

        var events = journal.Load().SelectMany(row => row.Events).OrderBy(what => what.Position).ToList();
        Assert.Equal([1, 2, 3, 4, 5], events.Select(what => what.Position));
        Assert.Equal(["one 1", "two 1", "one 2", "one 3", "two 2"], events.Select(what => $"{what.Name} {what.Seq}"));
        Assert.Equal([one.Id, two.Id, one.Id, one.Id, two.Id], events.Select(what => what.Vm));
        Assert.Equal(VmEventType.Progress, events[0].Type);
        Assert.Equal(VmState.Ready, events[0].State);
        Assert.Equal(0, journal.LoadForgotten());
        Assert.Empty(journal.LoadSubscribers());
        Assert.True(File.Exists(Path + ".v2.bak"));
    }

    [Fact]
    public void How_far_forgotten_events_went_is_kept_and_does_not_shrink()
    {
        var (one, two) = (NewVm("one"), NewVm("two"));
        using (var journal = new VmJournal(Path))
        {
            journal.Add(one, Event(1), null);
            journal.Add(two, Event(1), null);
            journal.Append(one, Event(2));
            Assert.Equal(0, journal.LoadForgotten());
            journal.Remove(one.Id);
        }

        using var again = new VmJournal(Path);
        Assert.Equal(3, again.LoadForgotten());
        again.Remove(two.Id);
        Assert.Equal(3, again.LoadForgotten());
    }

    [Fact]
    public void Subscribers_are_kept_with_their_places()
    {
        using (var journal = new VmJournal(Path))
        {
            journal.KeepSubscriber("ci", 7);
            journal.KeepSubscriber("chat", 3);
            journal.KeepSubscriber("ci", 9);
        }

        using var again = new VmJournal(Path);
        Assert.Equal([("chat", 3L), ("ci", 9L)], again.LoadSubscribers().Select(entry => (entry.Key, entry.Value)).Order());
        again.RemoveSubscriber("ci");
        again.RemoveSubscriber("ci");
        Assert.Equal("chat", Assert.Single(again.LoadSubscribers()).Key);
    }

    [Fact]
    public void A_migration_that_cannot_be_done_leaves_the_older_journal_as_it_was()
    {
        OlderJournal.Write(Path, (NewVm("web"), [Event(1)]));
        Execute("INSERT INTO vms (id, body) VALUES ('x', 'no JSON')");

        Assert.Equal("journal_damaged", Assert.Throws<FailureException>(() => new VmJournal(Path)).Code);

        Assert.Equal(2L, OlderJournal.CountVms(Path));
    }

    [Fact]
    public void Room_is_held_back_for_deletions()
    {
        using var journal = new VmJournal(Path);

        journal.Add(NewVm("web"), Event(1), null);

        Assert.Equal(8 * 1024 * 1024, new FileInfo(Path + ".reserve").Length);
    }

    [Fact]
    public void A_reserve_that_was_not_finished_is_made_anew()
    {
        File.WriteAllText(Path + ".reserve", "");
        using var journal = new VmJournal(Path);

        journal.Add(NewVm("web"), Event(1), null);

        Assert.Equal(8 * 1024 * 1024, new FileInfo(Path + ".reserve").Length);
    }

    private static Vm NewVm(string name) => new()
    {
        Id = Guid.CreateVersion7(),
        Spec = new VmSpec { Name = name, Image = "tiny", Cpus = 1, MemoryMiB = 64, DiskGiB = 1, User = "u", Files = [new VmFile("/a", "b\0\u00e9\U0001F600", "root", "0600")], Hosts = [new VmHost("::1", ["a", "b"])] },
        State = VmState.Degraded,
        CreatedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero),
        Mac = "52:54:00:00:00:01",
        Begun = ["image", "keys"],
        Failure = new Failure("code", "cause", "hint", "step", "evidence"),
        Leftovers = [new Failure("a", "b", "c")],
    };

    // Events of different VMs never have the same position.
    private VmEvent Event(long seq) => new() { Position = ++_position, Seq = seq, Type = VmEventType.Progress, Percent = 1.5, State = VmState.Ready, Message = "half", DurationMs = 7 };

    private VmEvent At(long seq, int minutes) => Event(seq) with { At = new DateTimeOffset(2026, 1, 2, 3, 0, 0, TimeSpan.Zero).AddMinutes(minutes) };

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
