using System.Net;
using System.Text;
using System.Threading.Channels;
using AutoProvision.Fakes;
using AutoProvision.Ssh;
using AutoProvision.Vms;

namespace AutoProvision.Api;

/// <summary>What the commands of all VMs hold in memory together, whatever each of them is allowed.</summary>
public sealed class ExecMemoryTests
{
    private const int Limit = 60_000;
    private const int MiB = 1024 * 1024;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limit)]
    public async Task The_sum_is_bounded_and_an_answer_says_what_cut_it()
    {
        await using var host = new FakeHost();
        var app = host.Start(("Ssh:MaxBufferedOutputMiB", "8"));
        using var http = app.CreateClient();
        var memory = app.Get<ExecMemory>();
        var flood = new Flood(host, 3 * MiB);
        var vm = await http.ReadyVmAsync();

        var asked = Enumerable.Range(0, 8).Select(_ => http.PostJsonAsync($"{vm}/exec", """{"shell": "flood", "maxOutputBytes": 8388608}""")).ToList();
        await flood.AllWrittenAsync(8);
        Assert.InRange(memory.Held, 7 * MiB, 8 * MiB);
        flood.End();
        var answers = await Task.WhenAll((await Task.WhenAll(asked)).Select(response => response.ReadJsonAsync()));

        Assert.InRange(answers.Sum(answer => answer.Text("stdout").Length), 7 * MiB, 8 * MiB);
        // Each has run to its end: nobody has to run it again to know how it ended.
        Assert.All(answers, answer => Assert.Equal(7, answer.GetProperty("exitCode").GetInt32()));
        Assert.All(answers, answer => Assert.Equal(answer.Text("stdout").Length < 3 * MiB, answer.GetProperty("truncated").GetBoolean()));
        Assert.All(answers.Where(answer => answer.GetProperty("truncated").GetBoolean()), answer => Assert.Equal("memory", answer.Text("truncatedBy")));
        Assert.Equal(0, memory.Held);
    }

    [Fact(Timeout = Limit)]
    public async Task A_high_limit_alone_costs_nothing_and_a_stream_holds_none()
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var http = app.CreateClient();
        var memory = app.Get<ExecMemory>();
        var flood = new Flood(host, 10);
        var vm = await http.ReadyVmAsync();

        var asked = http.PostJsonAsync($"{vm}/exec", """{"shell": "flood", "maxOutputBytes": 67108864}""");
        await flood.AllWrittenAsync(1);
        Assert.Equal(CappedOutput.BlockSize, memory.Held);
        flood.End();
        using var answer = await asked;
        var events = await http.StreamExecAsync(vm, """{"shell": "flood", "maxOutputBytes": 1000000000}""");

        Assert.Equal(new string('x', 10), (await answer.ReadJsonAsync()).Text("stdout"));
        Assert.Equal(["started", "stdout", "exit"], events.Select(item => item.EventType));
        Assert.Equal(0, memory.Held);
    }

    [Theory(Timeout = Limit)]
    [InlineData("failure")]
    [InlineData("hang-up")]
    [InlineData("stop")]
    public async Task It_is_given_back_however_the_command_ends(string how)
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var http = app.CreateClient();
        var memory = app.Get<ExecMemory>();
        var flood = new Flood(host, MiB) { Failure = how == "failure" ? SshFailures.ConnectionLost(FakeSsh.Target, new IOException("gone")) : null };
        var vm = await http.ReadyVmAsync();
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        using var body = new StringContent("""{"shell": "flood", "stdin": "input"}""", Encoding.UTF8, "application/json");

        var asked = http.PostAsync(new Uri($"{vm}/exec", UriKind.Relative), body, leaving.Token);
        await flood.AllWrittenAsync(1);
        Assert.Equal(MiB + "input".Length, memory.Held);
        if (how == "failure")
            flood.End();
        else if (how == "hang-up")
            await leaving.CancelAsync();
        else
            app.Get<Microsoft.Extensions.Hosting.IHostApplicationLifetime>().StopApplication();

        await ((Task)asked).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await UntilAsync(() => memory.Held == 0);
    }

    [Fact(Timeout = Limit)]
    public async Task More_than_there_is_for_all_is_refused_at_once()
    {
        await using var host = new FakeHost();
        using var http = host.Start(("Ssh:MaxBufferedOutputMiB", "8")).CreateClient();
        var vm = await http.ReadyVmAsync();

        var problem = await http.RefusedAsync($"{vm}/exec", """{"shell": "true", "maxOutputBytes": 8388609}""", HttpStatusCode.BadRequest);

        var fault = Assert.Single(problem.GetProperty("errors").EnumerateArray());
        Assert.Equal(("/maxOutputBytes", "out_of_range"), (fault.Text("pointer"), fault.Text("code")));
        Assert.Contains("Ssh:MaxBufferedOutputMiB", fault.Text("hint"), StringComparison.Ordinal);
        Assert.DoesNotContain(host.Guests.Requests, request => request.Command == "true");
    }

    [Theory(Timeout = Limit)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Input_that_does_not_fit_beside_the_others_is_refused_before_anything_is_run(bool isStream)
    {
        await using var host = new FakeHost();
        var app = host.Start(("Ssh:MaxBufferedOutputMiB", "8"));
        using var http = app.CreateClient();
        var flood = new Flood(host, 0);
        var vm = await http.ReadyVmAsync();
        var json = $$"""{"shell": "flood", "stdin": "{{new string('i', 3 * MiB)}}"}""";

        var asked = Enumerable.Range(0, 2).Select(_ => http.PostJsonAsync($"{vm}/exec", json)).ToList();
        await flood.AllWrittenAsync(2);
        using (var refused = isStream ? await http.OpenExecAsync(vm, json, Cancellation) : await http.PostJsonAsync($"{vm}/exec", json))
        {
            Assert.Equal("exec_memory_exhausted", (await refused.ReadProblemAsync(HttpStatusCode.TooManyRequests)).Text("code"));
            Assert.True(refused.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        }
        flood.End();
        foreach (var response in await Task.WhenAll(asked))
            await response.ReadJsonAsync();
        using var later = await http.PostJsonAsync($"{vm}/exec", json);

        await later.ReadJsonAsync();
        Assert.Equal(3, flood.Runs);
        Assert.Equal(0, app.Get<ExecMemory>().Held);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!condition())
            await timer.WaitForNextTickAsync(Cancellation);
    }

    /// <summary>A command that prints so many bytes, and ends when it is told to.</summary>
    private sealed class Flood
    {
        private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Channel<int> _written = Channel.CreateUnbounded<int>();
        private int _runs;

        public Flood(FakeHost host, int bytes) => host.Guests.Streams["flood"] = async (_, sink, cancellation) =>
        {
            Interlocked.Increment(ref _runs);
            sink.Started(1);
            var chunk = Encoding.ASCII.GetBytes(new string('x', Math.Min(bytes, 10_000)));
            for (var rest = bytes; rest > 0; rest -= chunk.Length)
            {
                sink.Stdout(chunk.AsSpan(0, Math.Min(rest, chunk.Length)));
                // As the others do at the same time.
                await Task.Yield();
            }
            _written.Writer.TryWrite(bytes);
            await _end.Task.WaitAsync(cancellation);
            return Failure is null ? new ExecEnd(7, null, TimeSpan.Zero, TimedOut: false) : throw Failure;
        };

        public FailureException? Failure { get; init; }

        public int Runs => _runs;

        public async Task AllWrittenAsync(int runs)
        {
            for (var run = 0; run < runs; run++)
                await _written.Reader.ReadAsync(Cancellation);
        }

        public void End() => _end.TrySetResult();
    }
}
