namespace AutoProvision.Vms.Journal;

/// <summary>Journals of older versions, which are migrated, and of newer ones, which are not.</summary>
public sealed class JournalVersionTests : IDisposable
{
    private readonly TestJournal _file = new();

    public void Dispose() => _file.Dispose();

    [Fact]
    public void An_older_journal_is_copied_and_then_brought_to_this_version_with_all_that_is_in_it()
    {
        var (late, early) = (TestJournal.NewVm("late"), TestJournal.NewVm("early") with { CreatedAt = DateTimeOffset.UnixEpoch });
        VmEvent[] told = [_file.Event(1), _file.Event(2)];
        OlderJournal.Write(_file.Path, (late, told), (early, [_file.Event(1)]));

        using (var journal = new VmJournal(_file.Path))
        {
            var rows = journal.Load();
            Assert.Equivalent(new[] { early, late }, rows.Select(row => row.Vm), strict: true);
            Assert.Equal(told, rows[1].Events.Select(what => what with { Position = told[what.Seq - 1].Position, Vm = Guid.Empty, Name = "" }));
            Assert.Empty(journal.LoadKeys());
        }

        using (var again = new VmJournal(_file.Path))
            Assert.Equal(2, again.Load().Count);
        Assert.Equal(["journal.db", "journal.db.v1.bak"], _file.Directory.GetFiles().Select(file => file.Name).Order());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_file.Path + ".v1.bak"));
        Assert.Equal(2L, OlderJournal.CountVms(_file.Path + ".v1.bak"));
    }

    [Fact]
    public void Events_of_version_2_get_their_places_by_time_but_never_against_the_order_within_a_VM()
    {
        var (one, two) = (TestJournal.NewVm("one"), TestJournal.NewVm("two"));
        // The clock was set back an hour after one's second event.
        OlderJournal.Write2(_file.Path, (one, [_file.At(1, 10), _file.At(2, 20), _file.At(3, -40)]), (two, [_file.At(1, 15), _file.At(2, 25)]));

        using var journal = new VmJournal(_file.Path);

        var events = journal.Load().SelectMany(row => row.Events).OrderBy(what => what.Position).ToList();
        Assert.Equal([1, 2, 3, 4, 5], events.Select(what => what.Position));
        Assert.Equal(["one 1", "two 1", "one 2", "one 3", "two 2"], events.Select(what => $"{what.Name} {what.Seq}"));
        Assert.Equal([one.Id, two.Id, one.Id, one.Id, two.Id], events.Select(what => what.Vm));
        Assert.Equal(VmEventType.Progress, events[0].Type);
        Assert.Equal(VmState.Ready, events[0].State);
        Assert.Equal(0, journal.LoadForgotten());
        Assert.Empty(journal.LoadSubscribers());
        Assert.True(File.Exists(_file.Path + ".v2.bak"));
    }

    [Fact]
    public void A_migration_that_cannot_be_done_leaves_the_older_journal_as_it_was()
    {
        OlderJournal.Write(_file.Path, (TestJournal.NewVm("web"), [_file.Event(1)]));
        _file.Execute("INSERT INTO vms (id, body) VALUES ('x', 'no JSON')");

        Assert.Equal("journal_damaged", Assert.Throws<FailureException>(() => new VmJournal(_file.Path)).Code);

        Assert.Equal(2L, OlderJournal.CountVms(_file.Path));
    }

    [Fact]
    public void A_journal_of_a_newer_version_is_refused()
    {
        using (new VmJournal(_file.Path))
        {
        }
        _file.Execute("PRAGMA user_version = 99");

        Assert.Equal("journal_newer", Assert.Throws<FailureException>(() => new VmJournal(_file.Path)).Code);
    }
}
