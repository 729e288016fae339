using AutoProvision.Vms;

namespace AutoProvision.Ssh;

/// <summary>A real sshd whose machine's systemd says that it is stopping.</summary>
public sealed class StoppingSshd : SshdFixture
{
    protected override IReadOnlyDictionary<string, string> StartUpFiles { get; } = new Dictionary<string, string> { ["systemctl"] = "#!/bin/sh\necho stopping\nexit 1\n" };
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
    public async Task A_connection_that_is_lost_with_the_guests_sshd_is_lost_with_the_guest()
    {
        var own = new SshdFixture();
        await own.InitializeAsync();
        await using var connection = await _connector.ConnectAsync(own.Target, Cancellation);
        var begun = new Begun();
        var running = connection.ExecAsync(new ExecRequest("sleep 600"), begun, Cancellation);
        await begun.Task.WaitAsync(Cancellation);

        await own.DisposeAsync();

        Assert.Equal("guest_went_down", (await Assert.ThrowsAsync<FailureException>(() => running)).Code);
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

    [Theory]
    [InlineData("autoprovision-up 12 stopping\n", 5, true)]
    [InlineData("noise\nautoprovision-up 12 running\n", 5, false)]
    [InlineData("autoprovision-up 12 running\n", 60, true)]
    [InlineData("autoprovision-up 12 \n", 12.9, false)]
    public void It_goes_down_or_was_started_since(string said, double passed, bool isDown) =>
        Assert.Equal(isDown, GuestEnd.IsDown(GuestEnd.Parse(said)!.Value, TimeSpan.FromSeconds(passed)));

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
