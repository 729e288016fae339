namespace AutoProvision.Vms.Journal;

public sealed class DamagedJournalTests : IDisposable
{
    private readonly TestJournal _file = new();

    public void Dispose() => _file.Dispose();

    [Theory]
    [InlineData("this is no database at all, but long enough to be looked at: ................................................................")]
    [InlineData("SQLite format 3\0 and then nonsense")]
    public void A_file_that_is_no_journal_is_refused_and_left_as_it_is(string content)
    {
        File.WriteAllText(_file.Path, content);

        Assert.Equal("journal_damaged", Assert.Throws<FailureException>(() => new VmJournal(_file.Path)).Code);

        Assert.Equal(content, File.ReadAllText(_file.Path));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(4096)]
    [InlineData(8192)]
    public void A_journal_damaged_in_the_middle_is_refused_and_left_as_it_is(int offset)
    {
        using (var journal = new VmJournal(_file.Path))
            foreach (var seq in Enumerable.Range(1, 50))
                journal.Add(TestJournal.NewVm($"vm-{seq}"), _file.Event(1), null);
        var bytes = File.ReadAllBytes(_file.Path);
        Array.Fill(bytes, (byte)0xA5, offset, 512);
        File.WriteAllBytes(_file.Path, bytes);

        Assert.Equal("journal_damaged", Assert.Throws<FailureException>(() => new VmJournal(_file.Path)).Code);

        Assert.Equal(bytes, File.ReadAllBytes(_file.Path));
    }

    [Fact]
    public void A_journal_that_was_emptied_is_refused_and_left_as_it_is()
    {
        using (var journal = new VmJournal(_file.Path))
            journal.Add(TestJournal.NewVm("web"), _file.Event(1), null);
        File.WriteAllText(_file.Path, "");

        Assert.Equal("journal_damaged", Assert.Throws<FailureException>(() => new VmJournal(_file.Path)).Code);

        Assert.Equal(0, new FileInfo(_file.Path).Length);
    }

    [Fact]
    public void A_journal_that_went_without_its_log_is_refused_and_the_log_is_left()
    {
        var (file, log) = (_file.Path, _file.Path + "-wal");
        using (var journal = new VmJournal(file))
        {
            journal.Add(TestJournal.NewVm("web"), _file.Event(1), null);
            File.Copy(log, log + ".copy");
        }
        File.Delete(file);
        File.Move(log + ".copy", log);

        Assert.Equal("journal_damaged", Assert.Throws<FailureException>(() => new VmJournal(file)).Code);

        Assert.Equal([log], Directory.GetFiles(_file.Directory.FullName, "journal.db*").Except([file + ".reserve"]));
    }

    [Fact]
    public void Bodies_that_are_not_understood_are_damage_as_well()
    {
        using (var journal = new VmJournal(_file.Path))
            journal.Add(TestJournal.NewVm("web"), _file.Event(1), null);
        _file.Execute("UPDATE vms SET body = '{}'");

        using var again = new VmJournal(_file.Path);

        Assert.Equal("journal_damaged", Assert.Throws<FailureException>(again.Load).Code);
    }
}
