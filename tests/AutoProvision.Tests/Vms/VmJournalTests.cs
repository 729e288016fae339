using Microsoft.Data.Sqlite;

namespace AutoProvision.Vms;

public sealed class VmJournalTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("autoprovision-journal-");

    private string Path => System.IO.Path.Combine(_directory.FullName, "journal.db");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void What_was_written_is_read_again_event_by_event()
    {
        var vm = NewVm("web");
        using (var journal = new VmJournal(Path))
            foreach (var seq in Enumerable.Range(1, 20))
                journal.Append(vm with { Version = seq }, Event(seq));

        using var again = new VmJournal(Path);
        var (read, events) = Assert.Single(again.Load());

        Assert.Equivalent(vm with { Version = 20 }, read, strict: true);
        Assert.Equal(Enumerable.Range(1, 20).Select(seq => Event(seq)), events);
    }

    [Fact]
    public void A_change_that_cannot_be_written_whole_is_not_written_at_all()
    {
        var vm = NewVm("web");
        using var journal = new VmJournal(Path);
        journal.Append(vm, Event(1));

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
        journal.Append(one, Event(1));
        journal.Append(two, Event(1));

        journal.Remove(one.Id);

        Assert.Equal("two", Assert.Single(journal.Load()).Vm.Spec.Name);
        journal.Append(one, Event(1));
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
                journal.Append(NewVm($"vm-{seq}"), Event(1));
        var bytes = File.ReadAllBytes(Path);
        Array.Fill(bytes, (byte)0xA5, offset, 512);
        File.WriteAllBytes(Path, bytes);

        Assert.Equal("journal_damaged", Assert.Throws<FailureException>(() => new VmJournal(Path)).Code);

        Assert.Equal(bytes, File.ReadAllBytes(Path));
    }

    [Fact]
    public void Bodies_that_are_not_understood_are_damage_as_well()
    {
        using (var journal = new VmJournal(Path))
            journal.Append(NewVm("web"), Event(1));
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

    private static VmEvent Event(long seq) => new() { Seq = seq, Type = VmEventTypes.Progress, Percent = 1.5, State = VmState.Ready, Message = "half", DurationMs = 7 };

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
