using System.Diagnostics;
using System.Threading.Channels;
using AutoProvision.Fakes;
using AutoProvision.Vms;

namespace AutoProvision.Processes;

public sealed class ProcessRunnerTests
{
    private const int Limit = 30_000;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(7);
    private readonly ObservedTime _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limit)]
    public async Task Exit_code_output_and_error_are_told_apart()
    {
        var result = await RunAsync(Shell("echo out; echo grün >&2; exit 3"));

        Assert.Equal(new ProcessResult(3, "out\n", "grün\n"), result);
        Assert.Equal("grün", result.Evidence);
        Assert.False(result.Succeeded);
    }

    [Fact(Timeout = Limit)]
    public async Task Arguments_arrive_as_they_are()
    {
        string[] hostile = ["", " ", "a b", "$(reboot)", "it's", "\"", "\\", "*", "-n", "line\nbreak"];

        var result = await RunAsync(new ProcessCommand("/bin/sh", ["-c", "for a; do printf '<%s>' \"$a\"; done", "sh", .. hostile]));

        Assert.Equal(string.Concat(hostile.Select(argument => $"<{argument}>")), result.Output);
    }

    [Fact(Timeout = Limit)]
    public async Task Input_is_given_and_closed()
    {
        Assert.Equal("tüxt", (await RunAsync(Shell("cat") with { Input = "tüxt" })).Output);
        Assert.Equal("", (await RunAsync(Shell("cat"))).Output);
        Assert.Equal(5, (await RunAsync(Shell("exec <&-; exit 5") with { Input = new string('x', 1_000_000) })).ExitCode);
    }

    [Fact(Timeout = Limit)]
    public async Task Big_output_on_both_streams_blocks_nobody()
    {
        var result = await RunAsync(Shell("head -c 3000000 /dev/zero | tr '\\0' a; head -c 3000000 /dev/zero | tr '\\0' b >&2"));

        Assert.Equal((3_000_000, 3_000_000), (result.Output.Length, result.Error.Length));
    }

    [Fact(Timeout = Limit)]
    public async Task Lines_come_while_the_tool_runs_and_its_language_is_C()
    {
        var lines = new List<string>();

        await RunAsync(Shell("echo $LC_ALL; echo $MINE") with { OnLine = lines.Add, Environment = new Dictionary<string, string> { ["MINE"] = "a b" } });

        Assert.Equal(["C.UTF-8", "a b"], lines);
    }

    [Fact(Timeout = Limit)]
    public async Task A_tool_that_is_not_there_is_named()
    {
        var failure = await Assert.ThrowsAsync<FailureException>(() => RunAsync(new ProcessCommand("no-such-tool")));

        Assert.Equal("tool_missing", failure.Code);
        Assert.Contains("no-such-tool", failure.Failure.Hint, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task A_tool_that_outlives_its_deadline_is_killed_with_its_children()
    {
        var child = new TaskCompletionSource<int>();
        var running = RunAsync(Shell("sleep 600 & echo $!; wait") with { Timeout = TimeSpan.FromSeconds(9), OnLine = line => child.SetResult(int.Parse(line)) });
        var pid = await child.Task.WaitAsync(Cancellation);

        _time.Advance(TimeSpan.FromSeconds(9));

        var failure = await Assert.ThrowsAsync<FailureException>(() => running);
        Assert.Equal(("tool_timeout", "/bin/sh did not finish within 9 s."), (failure.Code, failure.Failure.Cause));
        AssertDies(pid);
    }

    [Fact(Timeout = Limit)]
    public async Task A_tool_whose_caller_leaves_is_killed_with_its_children()
    {
        using var leaving = new CancellationTokenSource();
        var child = new TaskCompletionSource<int>();
        var running = new ProcessRunner(_time).RunAsync(Shell("sleep 600 & echo $!; wait") with { OnLine = line => child.SetResult(int.Parse(line)) }, leaving.Token);
        var pid = await child.Task.WaitAsync(Cancellation);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        AssertDies(pid);
    }

    [Fact(Timeout = Limit)]
    public async Task A_tool_with_a_grace_cleans_up_before_it_goes()
    {
        // -9: a shell's child that has not begun its program yet has the shell's trap, and SIGTERM would be lost on it.
        var (running, said, leaving) = await StartAsync("trap 'echo bye; kill -9 $!; exit' TERM; sleep 600 & echo $!; wait");

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal("bye", await said.Reader.ReadAsync(Cancellation));
    }

    [Fact(Timeout = Limit)]
    public async Task A_tool_that_goes_on_after_its_grace_is_killed_with_its_children()
    {
        var (running, said, leaving) = await StartAsync("sleep 600 & trap \"echo $!\" TERM; echo; while :; do wait; done");

        var stopping = leaving.CancelAsync();
        var pid = int.Parse(await said.Reader.ReadAsync(Cancellation));
        await _time.PassAsync(Grace);

        await stopping;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        AssertDies(pid);
    }

    [Theory(Timeout = Limit)]
    [InlineData("sleep 600 & echo $!; wait")]
    [InlineData("trap '' TERM; sleep 600 & echo $!; wait")]
    public async Task A_tool_that_would_make_no_use_of_its_grace_is_killed_at_once_with_its_children(string script)
    {
        var (running, said, leaving) = await StartAsync("echo; " + script);
        var pid = int.Parse(await said.Reader.ReadAsync(Cancellation));

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        AssertDies(pid);
    }

    [Fact(Timeout = Limit)]
    public async Task A_companion_is_run_as_any_other_and_leaves_no_guard_behind()
    {
        var lines = new List<string>();
        string[] hostile = ["", "a b", "$(reboot)", "'\"\\"];
        var companion = new ProcessCommand("/bin/sh", ["-c", $"{Guard}; cat; for a; do echo \"<$a>\"; done; echo bad >&2; exit 3", "sh", .. hostile]) { IsCompanion = true, OnLine = lines.Add };

        var result = await RunAsync(companion);

        Assert.Equal((3, "bad\n"), (result.ExitCode, result.Error));
        // The other stream's line may come before any of these.
        var output = lines.Where(line => line != "bad").ToArray();
        Assert.Equal(hostile.Select(argument => $"<{argument}>"), output[1..]);
        AssertDies(int.Parse(output[0]));
    }

    [Fact(Timeout = Limit)]
    public async Task A_companion_whose_caller_leaves_is_killed_with_its_guard()
    {
        using var leaving = new CancellationTokenSource();
        var pids = Channel.CreateUnbounded<string>();
        var running = new ProcessRunner(_time).RunAsync(
            Shell($"{Guard}; echo $$; exec sleep 600") with { IsCompanion = true, Timeout = Timeout.InfiniteTimeSpan, OnLine = line => pids.Writer.TryWrite(line) }, leaving.Token);
        var (guard, program) = (await pids.Reader.ReadAsync(Cancellation), await pids.Reader.ReadAsync(Cancellation));

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        AssertDies(int.Parse(guard));
        AssertDies(int.Parse(program));
    }

    [Fact(Timeout = Limit)]
    public async Task A_companion_ends_with_the_service_that_is_killed()
    {
        var (program, arguments) = Companion.Wrap(Shell($"{Guard}; echo $$; exec sleep 600"));
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        var (guard, pid) = (await process.StandardOutput.ReadLineAsync(Cancellation), await process.StandardOutput.ReadLineAsync(Cancellation));
        Assert.Equal(process.Id, int.Parse(pid!));

        // As the kernel does for a process that is gone.
        process.StandardInput.Close();

        await process.WaitForExitAsync(Cancellation);
        Assert.Equal(128 + 9, process.ExitCode);
        AssertDies(int.Parse(guard!));
    }

    [Fact(Timeout = Limit)]
    public async Task Of_a_companion_that_says_much_only_the_end_is_kept()
    {
        var result = await RunAsync(Shell("seq 100000; echo the end") with { IsCompanion = true, OnLine = _ => { } });

        Assert.EndsWith("\nthe end\n", result.Output, StringComparison.Ordinal);
        Assert.InRange(result.Output.Length, 1000, Companion.MostKept);
    }

    // Ends when the script has said its first line.
    private async Task<(Task Running, Channel<string> Said, CancellationTokenSource Leaving)> StartAsync(string script)
    {
        var (said, leaving) = (Channel.CreateUnbounded<string>(), new CancellationTokenSource());
        var running = new ProcessRunner(_time).RunAsync(Shell(script) with { Grace = Grace, OnLine = line => said.Writer.TryWrite(line) }, leaving.Token);
        await said.Reader.ReadAsync(Cancellation);
        return (running, said, leaving);
    }

    // A shell that tells its first child.
    private const string Guard = "read -r guard < /proc/$$/task/$$/children; echo $guard";

    private static ProcessCommand Shell(string script) => new("/bin/sh", "-c", script);

    private Task<ProcessResult> RunAsync(ProcessCommand command) => new ProcessRunner(_time).RunAsync(command, Cancellation);

    // Dead, though perhaps not reaped yet.
    private static void AssertDies(int pid) => Assert.True(SpinWait.SpinUntil(() => State(pid) is null or 'Z' or 'X', TimeSpan.FromSeconds(10)));

    private static char? State(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/stat").Split(") ")[1][0];
        }
        catch (IOException)
        {
            return null;
        }
    }
}
