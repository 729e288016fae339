using System.Net.Sockets;
using AutoProvision.Vms;
using Renci.SshNet.Common;

namespace AutoProvision.Ssh;

/// <summary>A real sshd whose machine's systemd says that it is stopping.</summary>
public sealed class StoppingSshd : SshdFixture
{
    protected override IReadOnlyDictionary<string, string> StartUpFiles { get; } = new Dictionary<string, string> { ["systemctl"] = "#!/bin/sh\necho stopping\nexit 1\n" };
}

/// <summary>A real sshd whose machine is too busy to say how it is.</summary>
public sealed class SlowSshd : SshdFixture
{
    protected override IReadOnlyDictionary<string, string> StartUpFiles { get; } = new Dictionary<string, string> { ["systemctl"] = "#!/bin/sh\nexec sleep 60\n" };
}

/// <summary>What the guest's shutdown ended is no answer of the command's.</summary>
public sealed class GuestEndTests(StoppingSshd sshd) : IClassFixture<StoppingSshd>, IAsyncDisposable
{
    private readonly SshConnector _connector = SshdFixture.Connector();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _connector.DisposeAsync();

    [Theory]
    [InlineData("echo begun; kill -TERM $$", false)]
    [InlineData("echo begun; kill -HUP $$", false)]
    [InlineData("echo begun; kill -KILL $$", true)]
    [InlineData("echo begun; sh -c 'kill -TERM $$'", false)]
    [InlineData("kill -TERM $$", true)]
    public async Task A_command_that_was_killed_while_the_guest_goes_down_has_failed(string command, bool isOwn)
    {
        await using var connection = await _connector.ConnectAsync(sshd.Target, Cancellation);
        await using var session = await _connector.OpenSessionAsync(sshd.Target, Cancellation);
        var request = new ExecRequest(command) { IsOwn = isOwn };

        Assert.Equal("guest_went_down", (await Assert.ThrowsAsync<FailureException>(() => connection.ExecAsync(request, Cancellation))).Code);
        using var output = new ExecCollector(request);
        Assert.Equal("guest_went_down", (await Assert.ThrowsAsync<FailureException>(() => session.ExecAsync(request, output, Cancellation))).Code);
        // It may let nobody in any more, so that another connection is looked for.
        Assert.False(connection.IsAlive);
    }

    [Theory]
    [InlineData("exit 7", 7, null)]
    [InlineData("exit 0", 0, null)]
    [InlineData("kill -USR1 $$", null, "USR1")]
    public async Task An_end_of_the_commands_own_is_told_as_it_is(string command, int? exitCode, string? signal)
    {
        await using var connection = await _connector.ConnectAsync(sshd.Target, Cancellation);

        var result = await connection.ExecAsync(new ExecRequest(command), Cancellation);

        Assert.Equal((exitCode, signal), (result.ExitCode, result.Signal));
    }

    [Fact]
    public async Task A_connection_that_is_lost_with_the_guests_sshd_is_told_with_both_reasons()
    {
        var own = new SshdFixture();
        await own.InitializeAsync();
        await using var connection = await _connector.ConnectAsync(own.Target, Cancellation);
        var begun = new Begun();
        var running = connection.ExecAsync(new ExecRequest("sleep 600"), begun, Cancellation);
        await begun.Task.WaitAsync(Cancellation);

        await own.DisposeAsync();

        var failure = await Assert.ThrowsAsync<FailureException>(() => running);
        Assert.Equal(
            ("guest_went_down", "The guest no longer accepts SSH connections: it was shut down, or its sshd was stopped; what was under way may or may not have been done."),
            (failure.Code, failure.Failure.Cause));
    }

    /// <summary>As where only the process that served it was killed.</summary>
    [Fact]
    public async Task A_connection_that_is_lost_alone_is_only_that()
    {
        var own = new SshdFixture();
        await own.InitializeAsync();
        await using var connection = await _connector.ConnectAsync(own.Target, Cancellation);
        var begun = new Begun();
        var running = connection.ExecAsync(new ExecRequest("sleep 600"), begun, Cancellation);
        await begun.Task.WaitAsync(Cancellation);

        own.CutConnections();

        Assert.Equal("ssh_connection_lost", (await Assert.ThrowsAsync<FailureException>(() => running)).Code);
        await own.DisposeAsync();
    }

    /// <summary>As when its VM is stopped or deleted under it.</summary>
    [Fact]
    public async Task A_connection_that_is_given_up_is_lost()
    {
        var session = await _connector.OpenSessionAsync(sshd.Target, Cancellation);
        var begun = new Begun();
        var running = session.ExecAsync(new ExecRequest("sleep 600"), begun, Cancellation);
        await begun.Task.WaitAsync(Cancellation);

        await session.DisposeAsync();

        Assert.Equal("ssh_connection_lost", (await Assert.ThrowsAsync<FailureException>(() => running)).Code);
    }

    /// <summary>As by the kernel for want of memory, in a guest that has no time for anything else.</summary>
    [Fact]
    public async Task A_command_that_was_killed_in_a_guest_that_does_not_answer_is_answered()
    {
        var slow = new SlowSshd();
        await slow.InitializeAsync();
        await using var connection = await _connector.ConnectAsync(slow.Target, Cancellation);
        // Nobody else gets in while it is stopped.
        slow.SignalListener("STOP");

        var end = await connection.ExecAsync(new ExecRequest("echo begun; sh -c 'kill -KILL $$'; exit $?"), new Begun(), Cancellation);

        slow.SignalListener("CONT");
        Assert.Equal((137, true), (end.ExitCode, end.IsUnexplained));
        await slow.DisposeAsync();
    }

    /// <summary>The boot tells, not a clock: that of a paused guest is behind.</summary>
    [Fact]
    public async Task A_kill_on_the_same_boot_is_the_commands_own()
    {
        var own = new SshdFixture();
        await own.InitializeAsync();
        await using var connection = await _connector.ConnectAsync(own.Target, Cancellation);

        var end = await connection.ExecAsync(new ExecRequest("kill -KILL $$"), new Begun(), Cancellation);

        Assert.Equal((null, "KILL", false), (end.ExitCode, end.Signal, end.IsUnexplained));
        await own.DisposeAsync();
    }

    [Theory]
    [InlineData("autoprovision-boot b-1 stopping\n", "b-1", "Down")]
    [InlineData("noise\nautoprovision-boot b-1 running\n", "b-1", "Up")]
    [InlineData("autoprovision-boot b-2 running\n", "b-1", "Down")]
    [InlineData("autoprovision-boot b-2 running\n", "", "Up")]
    [InlineData("autoprovision-boot b-2 running\n", null, "Up")]
    [InlineData("autoprovision-boot  \n", "b-1", "Up")]
    public void It_goes_down_or_was_started_since(string said, string? boot, string fate) =>
        Assert.Equal(fate, $"{GuestEnd.FateOf(GuestEnd.Parse(said)!.Value, boot)}");

    [Fact]
    public void A_guest_that_hangs_up_or_refuses_the_key_may_be_up()
    {
        Assert.True(GuestEnd.IsClosed(SshFailures.NotReachable(sshd.Target, "refused", new SocketException((int)SocketError.ConnectionRefused))));
        Assert.False(GuestEnd.IsClosed(SshFailures.NotReachable(sshd.Target, "hung up", new SshConnectionException("hung up"))));
        Assert.False(GuestEnd.IsClosed(SshFailures.NotAuthenticated(sshd.Target, new SshAuthenticationException("Permission denied"))));
    }

    private sealed class Begun : IExecSink
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Task => _begun.Task;

        public void Started(int? processId) => _begun.TrySetResult();

        public void Stdout(ReadOnlySpan<byte> chunk)
        {
        }

        public void Stderr(ReadOnlySpan<byte> chunk)
        {
        }

        public void Hurry()
        {
        }
    }
}
