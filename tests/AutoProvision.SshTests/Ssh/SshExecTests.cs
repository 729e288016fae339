using System.Globalization;
using System.Text;
using AutoProvision.Vms;

namespace AutoProvision.Ssh;

public sealed class SshExecTests(SshdFixture sshd) : IClassFixture<SshdFixture>, IAsyncLifetime
{
    private readonly SshConnector _connector = SshdFixture.Connector();
    private ISshConnection _connection = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _connection = await _connector.ConnectAsync(sshd.Target, Cancellation);

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _connector.DisposeAsync();
    }

    [Fact]
    public async Task Reads_the_exit_code_and_both_streams_apart()
    {
        var result = await ExecAsync(new ExecRequest("echo out; echo grün >&2; exit 7"));
        Assert.Equal((7, null, "out\n", "grün\n", false, false),
            (result.ExitCode, result.Signal, result.Stdout, result.Stderr, result.TimedOut, result.Truncated));
    }

    [Fact]
    public async Task Names_the_signal_that_killed_the_shell()
    {
        var result = await ExecAsync(new ExecRequest("kill -9 $$"));
        Assert.Equal((null, "KILL"), (result.ExitCode, result.Signal));
    }

    [Theory]
    [InlineData("cat <<'END'\nline\nEND", "line\n")]
    [InlineData("# only a comment", "")]
    [InlineData("for i in 1 2; do\necho $i\ndone", "1\n2\n")]
    public async Task Commands_of_several_lines_work(string command, string stdout)
    {
        var result = await ExecAsync(new ExecRequest(command));
        Assert.Equal((0, stdout, ""), (result.ExitCode, result.Stdout, result.Stderr));
    }

    [Fact]
    public async Task Gives_the_command_its_input_and_an_end_of_file()
    {
        var text = string.Concat(Enumerable.Repeat("0123456789ü\n", 50_000));
        Assert.Equal(text, (await ExecAsync(new ExecRequest("cat") { Stdin = Encoding.UTF8.GetBytes(text) })).Stdout);
        Assert.Equal("", (await ExecAsync(new ExecRequest("cat"))).Stdout);
        Assert.Equal(0, (await ExecAsync(new ExecRequest("true") { Stdin = Encoding.UTF8.GetBytes(text) })).ExitCode);
    }

    [Fact]
    public async Task Keeps_the_first_bytes_of_a_long_output_and_reads_on()
    {
        var result = await ExecAsync(new ExecRequest("head -c 5000000 /dev/zero | tr '\\0' x; echo done >&2; exit 3") { MaxOutputBytes = 100_000 });
        Assert.Equal((3, 100_000, "done\n", true), (result.ExitCode, result.Stdout.Length, result.Stderr, result.Truncated));
    }

    [Theory]
    [InlineData("echo begun; sleep {0}")]
    [InlineData("echo begun; sh -c 'sleep {0}; true' & wait")]
    [InlineData("echo begun; trap '' TERM; sleep {0}; true")]
    public async Task A_timeout_ends_the_command_and_its_children(string command)
    {
        var seconds = UniqueSeconds();
        var request = new ExecRequest(string.Format(CultureInfo.InvariantCulture, command, seconds)) { Timeout = TimeSpan.FromSeconds(1) };
        var result = await ExecAsync(request);
        Assert.Equal((true, "begun\n"), (result.TimedOut, result.Stdout));
        await HostProcesses.UntilAsync(() => !HostProcesses.Runs("sleep", seconds), "the process is gone");
        Assert.True(_connection.IsAlive);
    }

    [Fact]
    public async Task Cancelling_ends_the_command()
    {
        var seconds = UniqueSeconds();
        using var cancellation = new CancellationTokenSource();
        var running = _connection.ExecAsync(new ExecRequest($"sleep {seconds}"), cancellation.Token);
        await HostProcesses.UntilAsync(() => HostProcesses.Runs("sleep", seconds), "the process runs");
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await HostProcesses.UntilAsync(() => !HostProcesses.Runs("sleep", seconds), "the process is gone");
    }

    [Fact]
    public async Task Eight_commands_run_at_once_and_further_ones_wait_their_turn()
    {
        // Each of the first eight waits for the eighth: they would never end one after the other.
        var meeting = Directory.CreateTempSubdirectory("autoprovision-exec-");
        var together = $"touch {meeting.FullName}/$$; while [ $(ls {meeting.FullName} | wc -l) -lt 8 ]; do sleep 0.05; done; echo met";
        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ExecAsync(new ExecRequest(together) { Timeout = TimeSpan.FromSeconds(60) })));
        meeting.Delete(recursive: true);
        Assert.All(results, result => Assert.Equal((0, "met\n", ""), (result.ExitCode, result.Stdout, result.Stderr)));
    }

    [Fact]
    public async Task Waiting_for_its_turn_counts_against_a_commands_time()
    {
        var gate = Path.GetTempFileName();
        var busy = Enumerable.Range(0, 8).Select(_ => ExecAsync(new ExecRequest($"while [ -e {gate} ]; do sleep 0.05; done"))).ToArray();

        var result = await ExecAsync(new ExecRequest("echo begun") { Timeout = TimeSpan.FromMilliseconds(300) });

        Assert.Equal((true, null, "", ""), (result.TimedOut, result.ExitCode, result.Stdout, result.Stderr));
        File.Delete(gate);
        Assert.All(await Task.WhenAll(busy), ended => Assert.Equal(0, ended.ExitCode));
        Assert.Equal("free\n", (await ExecAsync(new ExecRequest("echo free"))).Stdout);
    }

    [Fact]
    public async Task A_cut_connection_is_a_failure_of_its_own()
    {
        var seconds = UniqueSeconds();
        var running = ExecAsync(new ExecRequest($"exec sleep {seconds}"));
        await HostProcesses.UntilAsync(() => HostProcesses.Runs("sleep", seconds), "the process runs");
        sshd.CutConnections();
        var failure = await Assert.ThrowsAsync<FailureException>(() => running);
        Assert.Equal("ssh_connection_lost", failure.Code);
        Assert.False(_connection.IsAlive);
        Assert.Equal("ssh_connection_lost", (await Assert.ThrowsAsync<FailureException>(() => ExecAsync(new ExecRequest("true")))).Code);
        HostProcesses.Kill("sleep", seconds);
    }

    private Task<ExecResult> ExecAsync(ExecRequest request) => _connection.ExecAsync(request, Cancellation);

    /// <summary>A sleep that no other process on the machine has.</summary>
    private static string UniqueSeconds() => $"3{Random.Shared.Next(1_000_000, 9_999_999)}";
}
