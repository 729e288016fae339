namespace AutoProvision.Ssh;

public sealed class ExecPipeTests
{
    private const int Limit = 30_000;
    private static readonly ExecEnd End = new(0, null, TimeSpan.Zero, false);

    [Fact(Timeout = Limit)]
    public async Task A_full_pipe_holds_the_command_back_until_its_reader_takes_something()
    {
        using var pipe = new ExecPipe(null);
        var written = 0;
        var running = DedicatedThread.RunAsync(() =>
        {
            pipe.Started(1);
            for (var piece = 0; piece < 1000; piece++, written++)
                pipe.Stdout(new byte[1024]);
            return End;
        });

        await using var events = pipe.ReadAsync(running, CancellationToken.None).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await events.MoveNextAsync());

        Assert.InRange(Volatile.Read(ref written), 0, 16);
        var pieces = 0;
        while (await events.MoveNextAsync() && events.Current is ExecOutput)
            pieces++;
        Assert.Equal((1000, new ExecExited(End, false)), (pieces, events.Current));
    }

    [Fact(Timeout = Limit)]
    public async Task A_hurried_pipe_holds_nothing_back_and_tells_that_it_dropped_output()
    {
        using var pipe = new ExecPipe(null);
        pipe.Hurry();
        for (var piece = 0; piece < 100; piece++)
            pipe.Stderr([1]);

        var events = await Read(pipe);

        Assert.Equal((17, new ExecExited(End, true)), (events.Count, events[^1]));
    }

    [Fact(Timeout = Limit)]
    public async Task Each_stream_has_the_limit_for_itself()
    {
        using var pipe = new ExecPipe(3);
        pipe.Stdout("abcd"u8);
        pipe.Stderr("xyz"u8);
        pipe.Stdout("e"u8);

        var events = await Read(pipe);

        Assert.Equal(["abc", "xyz"], events.OfType<ExecOutput>().Select(output => System.Text.Encoding.UTF8.GetString(output.Data.Span)));
        Assert.Equal(new ExecExited(End, true), events[^1]);
    }

    private static async Task<List<ExecEvent>> Read(ExecPipe pipe)
    {
        var events = new List<ExecEvent>();
        await foreach (var what in pipe.ReadAsync(Task.FromResult(End), TestContext.Current.CancellationToken))
            events.Add(what);
        return events;
    }
}
