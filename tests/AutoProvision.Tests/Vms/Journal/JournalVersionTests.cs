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
    public void Of_version_3_deleted_VMs_lose_what_no_reader_needs_and_the_file_can_shrink()
    {
        var (stays, went) = (Large("stays"), Large("went") with { State = VmState.Deleted, DeletedAt = DateTimeOffset.UnixEpoch });
        OlderJournal.Write3(_file.Path, (stays, [_file.Event(1)]), (went, [_file.Event(1), _file.Event(2)]));
        var size = new FileInfo(_file.Path).Length;

        using (var journal = new VmJournal(_file.Path))
        {
            Assert.Equivalent(new[] { stays, went with { Spec = went.Spec.Remains() } }, journal.Load().Select(row => row.Vm), strict: true);
            Assert.Equal([1L, 1, 2], journal.Load().SelectMany(row => row.Events).Select(what => what.Seq));
            Assert.Empty(journal.LoadTrimmed());
        }

        Assert.InRange(new FileInfo(_file.Path).Length, size / 3, size * 2 / 3);
        Assert.Equal(2L, _file.Ask("PRAGMA auto_vacuum"));
        Assert.True(File.Exists(_file.Path + ".v3.bak"));
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

    private static Vm Large(string name)
    {
        var vm = TestJournal.NewVm(name);
        return vm with
        {
            Spec = vm.Spec with
            {
                Files = [new VmFile("/large", new string('x', 1024 * 1024))],
                RunCommands = ["true"],
                BootCommands = ["true"],
                Packages = ["vim"],
                AuthorizedKeys = ["ssh-ed25519 AAAA"],
                UserData = "#!/bin/sh",
                NetworkConfig = "version: 2",
                Environment = new Dictionary<string, string> { ["A"] = "b" },
                Users = [new VmUser("ann", [], true, "/bin/sh", [])],
                ReadinessChecks = [new VmCheck("up", "true", 5)],
                Disks = [new VmDisk("data", 2, "/data")],
                Nics = [new VmNic("lan", "192.0.2.7")],
                Timeouts = new VmTimeouts(SshSeconds: 5),
            },
            MoreMacs = ["52:54:00:00:00:02"],
        };
    }
}
