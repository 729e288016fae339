using Microsoft.Data.Sqlite;

namespace AutoProvision.Vms.Journal;

/// <summary>A journal's file in a directory of its own, and what is written to it.</summary>
internal sealed class TestJournal : IDisposable
{
    private long _position;

    public DirectoryInfo Directory { get; } = System.IO.Directory.CreateTempSubdirectory("autoprovision-journal-");

    public string Path => System.IO.Path.Combine(Directory.FullName, "journal.db");

    public void Dispose() => Directory.Delete(recursive: true);

    public static Vm NewVm(string name) => new()
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
    public VmEvent Event(long seq) => new() { Position = ++_position, Seq = seq, Type = VmEventType.Progress, Percent = 1.5, State = VmState.Ready, Message = "half", DurationMs = 7 };

    public VmEvent At(long seq, int minutes) => Event(seq) with { At = new DateTimeOffset(2026, 1, 2, 3, 0, 0, TimeSpan.Zero).AddMinutes(minutes) };

    public void Execute(string sql) => Ask(sql);

    public object? Ask(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path};Pooling=False");
        connection.Open();
        return connection.Ask(sql);
    }
}
