using System.Text;
using AutoProvision.Hypervisors.Libvirt;
using Microsoft.Extensions.Options;

namespace AutoProvision.Hypervisors;

public sealed class ConsoleFollowerTests : IDisposable
{
    private const int Limit = 30_000;
    private readonly DirectoryInfo _pool = Directory.CreateTempSubdirectory("autoprovision-console-");
    private readonly Guid _id = Guid.NewGuid();
    private readonly ConsoleFollower _follower;

    public ConsoleFollowerTests() =>
        _follower = new ConsoleFollower(new PoolPaths(Options.Create(new LibvirtOptions { PoolDirectory = _pool.FullName })), TimeProvider.System);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Log => Path.Combine(_pool.FullName, $"{_id}.console.log");

    public void Dispose() => _pool.Delete(recursive: true);

    [Theory]
    [InlineData(1, "f")]
    [InlineData(2, "e\nf")]
    [InlineData(4, "c\nd\ne\nf")]
    [InlineData(100, "a\nb\nc\nd\ne\nf")]
    public async Task The_tail_goes_back_into_what_was_put_aside(int lines, string tail)
    {
        await WriteAsync(Log, "e\nf");
        await WriteAsync(Log + ".0", "c\nd\n");
        await WriteAsync(Log + ".1", "a\nb\n");

        Assert.Equal(tail, Encoding.UTF8.GetString((await _follower.ReadAsync(_id, lines, Cancellation))!));
    }

    [Fact]
    public async Task Of_a_log_that_nobody_puts_aside_only_the_end_is_held()
    {
        await using (var log = File.Create(Log))
            log.SetLength(3L * 1024 * 1024 * 1024);
        await File.AppendAllTextAsync(Log, "\na\nb\n", Cancellation);

        Assert.Equal("a\nb\n", Encoding.UTF8.GetString((await _follower.ReadAsync(_id, 2, Cancellation))!));
    }

    [Fact]
    public async Task A_log_that_is_not_there_is_null() => Assert.Null(await _follower.ReadAsync(_id, 10, Cancellation));

    [Fact(Timeout = Limit)]
    public async Task Nothing_is_missed_or_repeated_while_the_file_is_rotated_and_the_end_is_the_logs()
    {
        await WriteAsync(Log, "0\n");
        var seen = new StringBuilder();
        var following = Task.Run(async () =>
        {
            await foreach (var piece in _follower.FollowAsync(_id, 10, Cancellation))
                lock (seen)
                    seen.Append(Encoding.UTF8.GetString(piece.Span));
        }, Cancellation);
        var expected = "0\n";
        for (var number = 1; number <= 12; number++)
        {
            // As virtlogd does: the last words go to the old file, then it is renamed, then there is a new one.
            await File.AppendAllTextAsync(Log, $"{number} before\n", Cancellation);
            Rotate();
            await WriteAsync(Log, $"{number} after\n");
            expected += $"{number} before\n{number} after\n";
            await UntilAsync(() => Text(seen) == expected || (number % 3 != 0 && expected.StartsWith(Text(seen), StringComparison.Ordinal)));
        }

        foreach (var part in _pool.GetFiles())
            part.Delete();

        await following;
        Assert.Equal(expected, seen.ToString());
    }

    private void Rotate()
    {
        File.Delete(Log + ".2");
        foreach (var (from, to) in ((string, string)[])[(".1", ".2"), (".0", ".1"), ("", ".0")])
            if (File.Exists(Log + from))
                File.Move(Log + from, Log + to);
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
            return text.ToString();
    }

    private static Task WriteAsync(string path, string text) => File.WriteAllTextAsync(path, text, Cancellation);

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!condition())
            await timer.WaitForNextTickAsync(Cancellation);
    }
}
