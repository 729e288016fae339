using System.Net;
using System.Text;
using AutoProvision.Fakes;
using AutoProvision.Ssh;

namespace AutoProvision.Api;

public sealed class ExecStreamTests
{
    private const int Limit = 30_000;
    private const string Body = """{"shell": "work"}""";

    [Fact(Timeout = Limit)]
    public async Task Events_come_as_they_happen_from_the_start_to_the_exit()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await ReadyAsync(http);
        var gate = new TaskCompletionSource();
        host.Guests.Streams["work"] = async (_, sink, _) =>
        {
            sink.Started(12);
            sink.Stdout("one"u8);
            await gate.Task;
            sink.Stderr("two"u8);
            return new ExecEnd(null, "KILL", TimeSpan.FromMilliseconds(5), TimedOut: true);
        };

        using var response = await http.OpenExecAsync(vm, Body, TestContext.Current.CancellationToken);
        var seen = new List<string>();
        await foreach (var item in response.ReadExecAsync())
        {
            seen.Add($"{item.EventType} {item.Data.GetRawText()}");
            if (item.EventType == "stdout")
                gate.SetResult();
        }

        Assert.Equal(
        [
            """started {"pid":12}""", """stdout {"data":"one"}""", """stderr {"data":"two"}""",
            """exit {"signal":"KILL","timedOut":true,"truncated":false,"durationMs":5}""",
        ], seen);
    }

    [Fact(Timeout = Limit)]
    public async Task What_fails_before_the_start_is_refused_and_what_fails_after_it_is_an_event()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await ReadyAsync(http);
        host.Guests.Streams["work"] = (_, sink, _) =>
        {
            sink.Started(null);
            throw SshFailures.ConnectionLost(FakeSsh.Target, new IOException("cut"));
        };
        host.Guests.Streams["other"] = (_, _, _) => throw SshFailures.UserRefused("bob", "sudo: unknown user bob");

        var events = await http.StreamExecAsync(vm, Body);
        using var refused = await http.OpenExecAsync(vm, """{"shell": "other"}""", TestContext.Current.CancellationToken);

        Assert.Equal(["started", "error"], events.Select(item => item.EventType));
        Assert.Equal(("ssh_connection_lost", 502), (events[1].Data.Text("code"), events[1].Data.GetProperty("status").GetInt32()));
        Assert.All(["title", "detail", "hint", "traceId"], member => Assert.NotEmpty(events[1].Data.Text(member)));
        Assert.Equal("exec_user_refused", (await refused.ReadProblemAsync(HttpStatusCode.UnprocessableEntity)).Text("code"));
    }

    [Theory(Timeout = Limit)]
    [InlineData(5, "onetw", true)]
    [InlineData(0, "onetwo", false)]
    [InlineData(6, "onetwo", false)]
    public async Task A_stream_is_cut_where_that_is_asked_for(int most, string output, bool isCut)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await ReadyAsync(http);
        host.Guests.Streams["work"] = (_, sink, _) =>
        {
            sink.Started(12);
            sink.Stdout("one"u8);
            sink.Stdout("two"u8);
            return Task.FromResult(new ExecEnd(0, null, TimeSpan.Zero, TimedOut: false));
        };

        var events = await http.StreamExecAsync(vm, $$"""{"shell": "work", "maxOutputBytes": {{most}}}""");

        Assert.Equal(output, string.Concat(events.Where(item => item.EventType == "stdout").Select(item => item.Data.Text("data"))));
        Assert.Equal(isCut, events[^1].Data.GetProperty("truncated").GetBoolean());
    }

    [Fact(Timeout = Limit)]
    public async Task A_VM_has_as_many_streams_as_the_settings_say()
    {
        await using var host = new FakeHost();
        using var http = host.Start(("Ssh:SessionsPerVm", "1")).CreateClient();
        var vm = await ReadyAsync(http);
        var gate = new TaskCompletionSource();
        host.Guests.Streams["work"] = async (_, sink, _) =>
        {
            sink.Started(12);
            await gate.Task;
            return new ExecEnd(0, null, TimeSpan.Zero, TimedOut: false);
        };
        using var first = await http.OpenExecAsync(vm, Body, TestContext.Current.CancellationToken);

        using var refused = await http.OpenExecAsync(vm, Body, TestContext.Current.CancellationToken);

        Assert.Equal("ssh_sessions_exhausted", (await refused.ReadProblemAsync(HttpStatusCode.TooManyRequests)).Text("code"));
        gate.SetResult();
    }

    [Fact(Timeout = Limit)]
    public async Task A_reader_that_leaves_ends_the_command_and_its_connection()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await ReadyAsync(http);
        var ended = new TaskCompletionSource();
        host.Guests.Streams["work"] = async (_, sink, cancellation) =>
        {
            sink.Started(1);
            await using var told = cancellation.Register(ended.SetResult);
            await Task.Delay(Timeout.Infinite, cancellation);
            throw new InvalidOperationException();
        };

        using (var response = await http.OpenExecAsync(vm, Body, TestContext.Current.CancellationToken))
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);

        await ended.Task.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact(Timeout = Limit)]
    public async Task A_quiet_command_sends_a_comment_every_15_seconds()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await ReadyAsync(http);
        var gate = new TaskCompletionSource();
        host.Guests.Streams["work"] = async (_, sink, _) =>
        {
            sink.Started(1);
            await gate.Task;
            return new ExecEnd(0, null, TimeSpan.Zero, false);
        };
        using var response = await http.OpenExecAsync(vm, Body, TestContext.Current.CancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        var line = reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask();

        while (await line is { } text && text != ": still here")
        {
            line = reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask();
            while (!line.IsCompleted)
            {
                host.Time.Advance(TimeSpan.FromSeconds(1));
                await Task.Yield();
            }
        }

        Assert.Equal(": still here", await line);
        gate.SetResult();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void Text_is_cut_between_characters_wherever_pieces_end(int size)
    {
        const string Text = "aé漢😀z";
        var cutter = new ExecStreamText(isError: false);

        var events = Encoding.UTF8.GetBytes(Text).Chunk(size).SelectMany(piece => cutter.Take(piece)).Concat(cutter.Rest()).ToList();

        Assert.Equal(Text, string.Concat(events.Select(item => item.Data)));
        Assert.All(events, item => Assert.Null(item.DataBase64));
    }

    private static async Task<string> ReadyAsync(HttpClient http)
    {
        var vm = await http.CreateVmAsync();
        await http.UntilAsync(vm, "ready");
        return vm;
    }
}
