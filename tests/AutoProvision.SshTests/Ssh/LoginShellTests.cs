using System.Diagnostics;
using System.Text;
using AutoProvision.Provisioning;
using AutoProvision.Provisioning.Steps;
using AutoProvision.Ssh.Files;
using AutoProvision.Vms;
using FsCheck;
using FsCheck.Xunit;

namespace AutoProvision.Ssh;

/// <summary>The service's own work in a guest whose user has another login shell, or start-up files that print.</summary>
public abstract class LoginShellTests(SshdFixture sshd) : IAsyncLifetime
{
    private readonly SftpDirectory _there = new(sshd);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _there.ReconnectAsync();

    public async ValueTask DisposeAsync()
    {
        await _there.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>What prints "I am", then the login shell's own variable, in its own language.</summary>
    protected abstract string Question { get; }

    protected abstract string Answer { get; }

    [Fact]
    public async Task The_user_can_be_seen_to_log_in()
    {
        var result = await _there.Connection.ExecAsync(SshProof.Request, Cancellation);

        SshProof.Check(result, Environment.UserName);
        Assert.Equal(("", Environment.UserName + "\n"), (result.Stderr, result.Stdout));
    }

    [Fact]
    public async Task An_own_script_of_many_lines_gives_its_streams_and_exit_code()
    {
        var script = "f() { printf '%s|' \"$1\"; }\nfor word in 'a!b' \"it's\" 'x\\ny' ü; do\n  f \"$word\"\ndone\necho hm >&2; exit 7";
        var result = await _there.Connection.ExecAsync(new ExecRequest(script) { IsOwn = true }, Cancellation);

        Assert.Equal((7, "a!b|it's|x\\ny|ü|", "hm\n"), (result.ExitCode, result.Stdout, result.Stderr));
    }

    [Fact]
    public async Task The_end_of_cloud_init_is_asked_for_in_bash_without_what_that_prints()
    {
        var probe = await _there.Connection.ExecAsync(new ExecRequest(CloudInitProbe.Script) { IsOwn = true, MayBeBash = true }, Cancellation);
        var shell = await _there.Connection.ExecAsync(new ExecRequest("echo \"${BASH_VERSION:+bash}\"") { IsOwn = true, MayBeBash = true }, Cancellation);

        // This machine has no cloud-init.
        Assert.Equal(("missing\n", "", "bash\n"), (probe.Stdout, probe.Stderr, shell.Stdout));
    }

    [Fact]
    public async Task A_guest_tells_what_it_waits_for()
    {
        var answer = await _there.Connection.ExecAsync(FailureEvidence.Request, Cancellation);

        Assert.Matches(@"\A--- processes ---\n(.*\n)+--- cloud-init-output\.log ---\n", answer.Stdout);
    }

    [Fact]
    public async Task Files_come_and_go()
    {
        var bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 50_000)));

        Assert.True(await _there.WriteAsync(_there.At("it's a !file"), bytes));
        Assert.Equal(bytes, await _there.ReadAsync(_there.At("it's a !file")));
        await using var sftp = await _there.ConnectAsync(SftpCommand.WithSweep(_there.Root.FullName, ".part"));
        Assert.NotNull(await sftp.FindAsync("/etc/passwd", Cancellation));
    }

    [Fact]
    public async Task The_guests_own_programs_are_told_from_what_start_up_files_print()
    {
        Directory.CreateDirectory(_there.At("tree/sub"));

        Assert.True(await _there.Programs().TryRunAsync(GuestCommand.Remove(_there.At("tree")), Cancellation));
        Assert.False(Directory.Exists(_there.At("tree")));
    }

    [Fact]
    public async Task A_command_is_run_by_the_login_shell_itself()
    {
        var result = await _there.Connection.ExecAsync(new ExecRequest(Question), Cancellation);

        Assert.Equal(0, result.ExitCode);
        Assert.EndsWith(Answer + "\n", result.Stdout, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_has_its_directory_variables_input_and_exit_code()
    {
        var request = new ExecRequest(ShellQuote.Join(["sh", "-c", "pwd; printf '%s|%s|' \"$IT\" \"$1\"\ncat; exit 9", "sh", "an!'\\'x\\\\y"]))
        {
            IsList = true,
            Directory = "/usr/share",
            Environment = new Dictionary<string, string> { ["IT"] = "it's !5\nü" },
            Stdin = "in"u8.ToArray(),
        };

        var result = await _there.Connection.ExecAsync(request, Cancellation);

        Assert.Equal(9, result.ExitCode);
        Assert.EndsWith("/usr/share\nit's !5\nü|an!'\\'x\\\\y|in", result.Stdout, StringComparison.Ordinal);
    }

    [Trait(Needs.Name, Needs.Root)]
    [Fact]
    public async Task A_command_runs_as_another_user()
    {
        var result = await _there.Connection.ExecAsync(new ExecRequest("id -un") { User = "www-data" }, Cancellation);

        Assert.Equal(0, result.ExitCode);
        Assert.EndsWith("www-data\n", result.Stdout, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_timeout_ends_a_command_and_its_children()
    {
        var seconds = $"3{Random.Shared.Next(1_000_000, 9_999_999)}";

        var result = await _there.Connection.ExecAsync(new ExecRequest($"sh -c 'sleep {seconds}; true'") { Timeout = TimeSpan.FromSeconds(2) }, Cancellation);

        Assert.Equal((true, false), (result.TimedOut, result.MayStillRun));
        await HostProcesses.UntilAsync(() => !HostProcesses.Runs("sleep", seconds), "the process is gone");
    }

    [Fact]
    public async Task A_streamed_command_is_run_by_it_too()
    {
        await using var connector = SshdFixture.Connector();
        await using var session = await connector.OpenSessionAsync(sshd.Target, Cancellation);
        using var output = new ExecCollector(new ExecRequest(Question));

        var end = await session.ExecAsync(new ExecRequest(Question), output, Cancellation);

        Assert.EndsWith(Answer + "\n", output.Result(end).Stdout, StringComparison.Ordinal);
    }
}

public sealed class PrintingBashTests(PrintingBash sshd) : LoginShellTests(sshd), IClassFixture<PrintingBash>
{
    protected override string Question => "echo \"I am ${BASH_VERSINFO[0]:+bash}\"";

    protected override string Answer => "I am bash";
}

public sealed class PrintingFishTests(PrintingFish sshd) : LoginShellTests(sshd), IClassFixture<PrintingFish>
{
    protected override string Question => "if string length -q -- $FISH_VERSION; echo 'I am fish'; end";

    protected override string Answer => "I am fish";
}

public sealed class PrintingTcshTests(PrintingTcsh sshd) : LoginShellTests(sshd), IClassFixture<PrintingTcsh>
{
    protected override string Question => "if ( $?tcsh ) then\necho 'I am tcsh'\nendif";

    protected override string Answer => "I am tcsh";
}

public sealed class NoLoginTests(NoLogin sshd) : IClassFixture<NoLogin>
{
    [Fact]
    public async Task A_shell_that_runs_nothing_is_named_with_what_it_said()
    {
        await using var connector = SshdFixture.Connector();
        await using var connection = await connector.ConnectAsync(sshd.Target, TestContext.Current.CancellationToken);

        foreach (var request in (ExecRequest[])[SshProof.Request, new("true"), new("true") { User = "root" }])
        {
            var failure = (await Assert.ThrowsAsync<FailureException>(() => connection.ExecAsync(request, TestContext.Current.CancellationToken))).Failure;

            Assert.Equal("ssh_command_failed", failure.Code);
            Assert.Contains("exit code 1", failure.Cause, StringComparison.Ordinal);
            Assert.Contains("not available", failure.Evidence, StringComparison.Ordinal);
        }

        // Whoever asks later, when the user may have another shell, logs in again.
        Assert.False(connection.IsAlive);
    }
}

/// <summary>The line that hands a script to /bin/sh.</summary>
public sealed class AnyShellTests
{
    private static readonly string[] Shells = ["/bin/sh", "/bin/bash", "/usr/bin/fish", "/usr/bin/tcsh"];

    [Property(MaxTest = 25)]
    public bool Any_text_arrives_through_any_shell(NonNull<string> any, bool mayBeBash)
    {
        var text = new string([.. any.Get.Where(letter => letter != '\0' && !char.IsSurrogate(letter))]) + "!!'\\'\n\\!$HOME`x`\"^";
        var script = $"printf %s {ShellQuote.Quote(text)}";
        return Shells.All(shell => Output(shell, mayBeBash ? AnyShell.RunInBash(script) : AnyShell.Run(script)) == text);
    }

    private static string Output(string program, string line)
    {
        using var shell = Process.Start(new ProcessStartInfo(program, ["-c", line]) { RedirectStandardOutput = true })!;
        var output = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();
        return output;
    }
}
