using AutoProvision.Vms;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace AutoProvision.Ssh;

public sealed class SshConnectionPoolTests : IAsyncDisposable
{
    private readonly FakeSsh _guest = new();
    private readonly FakeTimeProvider _time = new();
    private readonly SshOptions _options = new();
    private readonly SshConnectionPool _pool;

    public SshConnectionPoolTests() => _pool = new SshConnectionPool(_guest, Options.Create(_options), _time);

    public ValueTask DisposeAsync() => _pool.DisposeAsync();

    [Fact]
    public async Task Callers_at_once_share_one_attempt()
    {
        var gate = new TaskCompletionSource();
        _guest.Gate = gate.Task;
        var running = Enumerable.Range(0, 8).Select(_ => ExecAsync()).ToArray();
        gate.SetResult();
        await Task.WhenAll(running);
        Assert.Equal(1, _guest.Attempts);
    }

    [Fact]
    public async Task A_caller_who_leaves_does_not_take_the_attempt_along()
    {
        var gate = new TaskCompletionSource();
        _guest.Gate = gate.Task;
        using var cancellation = new CancellationTokenSource();
        var (leaving, staying) = (ExecAsync(cancellation: cancellation.Token), ExecAsync());
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        gate.SetResult();
        Assert.Equal(0, (await staying).ExitCode);
        Assert.Equal(1, _guest.Attempts);
    }

    [Fact]
    public async Task A_failed_attempt_is_not_kept()
    {
        _guest.Fault = FakeSsh.Refused;
        await Assert.ThrowsAsync<FailureException>(() => ExecAsync());
        _guest.Fault = null;
        Assert.Equal(0, (await ExecAsync()).ExitCode);
    }

    [Fact]
    public async Task A_dead_connection_and_one_to_another_address_are_replaced()
    {
        await ExecAsync();
        _guest.Connections[0].IsAlive = false;
        await ExecAsync();
        await ExecAsync(target: FakeSsh.Target with { Host = "10.0.0.6" });
        Assert.Equal(["10.0.0.5", "10.0.0.5", "10.0.0.6"], _guest.Connections.Select(connection => connection.Target.Host));
        Assert.Equal([true, true, false], _guest.Connections.Select(connection => connection.Closed));
    }

    [Fact]
    public async Task Idle_ones_are_closed_and_busy_ones_are_not()
    {
        await ExecAsync();
        var gate = new TaskCompletionSource();
        _guest.Connections[0].Gate = gate.Task;
        var busy = ExecAsync();
        _time.Advance(2 * _options.IdleTimeout);
        Assert.False(_guest.Connections[0].Closed);
        gate.SetResult();
        await busy;
        _time.Advance(_options.IdleTimeout / 2);
        Assert.False(_guest.Connections[0].Closed);
        _time.Advance(_options.IdleTimeout / 2);
        Assert.True(_guest.Connections[0].Closed);
        await ExecAsync();
        Assert.Equal(2, _guest.Attempts);
    }

    [Fact]
    public async Task Forgetting_closes_one_and_disposing_all()
    {
        await ExecAsync("a");
        await ExecAsync("b");
        await _pool.ForgetAsync("a");
        await _pool.ForgetAsync("a");
        Assert.Equal([true, false], _guest.Connections.Select(connection => connection.Closed));
        await _pool.DisposeAsync();
        Assert.True(_guest.Connections[1].Closed);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => ExecAsync("b"));
    }

    /// <summary>The guest may be another one then: whoever learnt something of it forgets that, too.</summary>
    [Fact]
    public async Task Who_listens_is_told_of_a_guest_whose_connections_are_closed()
    {
        var told = new List<string>();
        _pool.Forgotten += told.Add;

        await _pool.ForgetAsync("a");
        _pool.Drop("b");

        Assert.Equal(["a", "b"], told);
    }

    [Fact]
    public async Task Forgetting_ends_an_attempt_under_way()
    {
        _guest.Gate = new TaskCompletionSource().Task;
        var waiting = ExecAsync();
        await _pool.ForgetAsync("vm");
        Assert.Equal("ssh_connection_lost", (await Assert.ThrowsAsync<FailureException>(() => waiting)).Code);
    }

    [Fact]
    public async Task A_VM_deleted_between_its_check_and_its_connection_is_not_connected_to()
    {
        await ExecAsync();
        var checks = 0;

        var failure = await Assert.ThrowsAsync<FailureException>(() => _pool.ExecAsync("vm", Target, new ExecRequest("true"), TestContext.Current.CancellationToken));

        Assert.Equal(("vm_not_ready", 2, 1), (failure.Code, checks, _guest.Attempts));
        Assert.True(_guest.Connections[0].Closed);

        SshTarget Target()
        {
            if (++checks > 1)
                throw new FailureException("vm_not_ready", "It is deleting.", "");
            Assert.True(_pool.ForgetAsync("vm").IsCompletedSuccessfully);
            return FakeSsh.Target;
        }
    }

    [Fact]
    public async Task A_VM_made_anew_between_check_and_connection_is_connected_to_as_it_is_now()
    {
        var targets = new Queue<SshTarget>([FakeSsh.Target, FakeSsh.Target with { Host = "10.0.0.6" }]);

        await _pool.ExecAsync("vm", Target, new ExecRequest("true"), TestContext.Current.CancellationToken);

        Assert.Equal("10.0.0.6", Assert.Single(_guest.Connections).Target.Host);

        SshTarget Target()
        {
            if (targets.Count == 2)
                Assert.True(_pool.ForgetAsync("vm").IsCompletedSuccessfully);
            return targets.Dequeue();
        }
    }

    [Fact]
    public async Task What_is_forgotten_or_idle_leaves_no_private_key_behind()
    {
        var (forgotten, idle) = (await ConnectOnceAsync("a"), await ConnectOnceAsync("b"));
        await _pool.ForgetAsync("a");
        _time.Advance(_options.IdleTimeout);
        _guest.Connections.Clear();

        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        Assert.Equal([false, false], new[] { forgotten.IsAlive, idle.IsAlive });
    }

    [Fact]
    public async Task An_adopted_connection_is_used()
    {
        var connection = await _guest.ConnectAsync(FakeSsh.Target, TestContext.Current.CancellationToken);
        _pool.Adopt("vm", FakeSsh.Target, connection);
        await ExecAsync();
        Assert.Equal(1, _guest.Attempts);
        _time.Advance(_options.IdleTimeout);
        Assert.False(connection.IsAlive);
    }

    [Fact]
    public async Task A_connection_that_takes_no_further_command_gets_another_beside_it_and_all_go_with_the_VM()
    {
        _guest.MaxSessions = 1;
        var gate = new TaskCompletionSource();
        await ExecAsync();
        _guest.Connections[0].Gate = gate.Task;
        var first = ExecAsync();

        await ExecAsync();
        await ExecAsync();

        Assert.Equal(2, _guest.Attempts);
        gate.SetResult();
        await first;
        await _pool.ForgetAsync("vm");
        Assert.Equal([true, true], _guest.Connections.Select(connection => connection.Closed));
    }

    [Fact]
    public async Task Where_every_connection_is_full_a_command_waits_and_the_wait_counts()
    {
        _guest.MaxSessions = 1;
        _options.ConcurrentExecs = 1;
        var gate = new TaskCompletionSource();
        await ExecAsync();
        _guest.Connections[0].Gate = gate.Task;
        var busy = ExecAsync();
        var (late, waiting) = (ExecAsync(timeout: 5), ExecAsync(timeout: 60));

        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal((true, null), ((await late).TimedOut, (await late).ExitCode));
        gate.SetResult();

        Assert.Equal(0, (await waiting).ExitCode);
        await busy;
        Assert.Equal([null, null, TimeSpan.FromSeconds(50)], _guest.Connections[0].Ran.Select(request => request.Timeout));
    }

    /// <summary>A low MaxStartups, or a guest short of memory.</summary>
    [Fact]
    public async Task Where_no_further_connection_can_be_made_a_command_waits_for_those_there_are()
    {
        _guest.MaxSessions = 1;
        var gate = new TaskCompletionSource();
        await ExecAsync();
        _guest.Connections[0].Gate = gate.Task;
        var first = ExecAsync();
        _guest.Fault = FakeSsh.Refused;
        var second = ExecAsync();

        gate.SetResult();

        Assert.Equal([0, 0], (await Task.WhenAll(first, second)).Select(result => result.ExitCode));
        Assert.Single(_guest.Connections);
    }

    private Task<ExecResult> ExecAsync(string id = "vm", SshTarget? target = null, CancellationToken? cancellation = null, int? timeout = null) =>
        _pool.ExecAsync(id, () => target ?? FakeSsh.Target, new ExecRequest("true") { Timeout = timeout is { } seconds ? TimeSpan.FromSeconds(seconds) : null }, cancellation ?? TestContext.Current.CancellationToken);

    private async Task<WeakReference> ConnectOnceAsync(string id)
    {
        var target = FakeSsh.Target with { User = id };
        await ExecAsync(id, target);
        return new WeakReference(target);
    }
}
