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

    private Task<ExecResult> ExecAsync(string id = "vm", SshTarget? target = null, CancellationToken? cancellation = null) =>
        _pool.ExecAsync(id, () => target ?? FakeSsh.Target, new ExecRequest("true"), cancellation ?? TestContext.Current.CancellationToken);

    private async Task<WeakReference> ConnectOnceAsync(string id)
    {
        var target = FakeSsh.Target with { User = id };
        await ExecAsync(id, target);
        return new WeakReference(target);
    }
}
