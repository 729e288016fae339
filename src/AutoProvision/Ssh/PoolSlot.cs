namespace AutoProvision.Ssh;

/// <summary>One VM's place in the pool: its connection or the attempt to make one, how many use it, and when it was last used.</summary>
internal sealed class PoolSlot : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly ISshConnector _connector;
    private readonly TimeSpan _idleTimeout;
    private readonly TrackedTasks _closing;
    private readonly ITimer _idle;
    private readonly CancellationTokenSource _stop = new();
    private Task<ISshConnection>? _connection;
    private SshTarget? _target;
    private int _users;
    private bool _stopped;

    public PoolSlot(ISshConnector connector, TimeSpan idleTimeout, TimeProvider time, TrackedTasks closing)
    {
        (_connector, _idleTimeout, _closing) = (connector, idleTimeout, closing);
        _idle = time.CreateTimer(_ => CloseIdle(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Keeps the connection from being closed as idle until the lease is given back.</summary>
    /// <returns>Null when this place was given up in the meantime.</returns>
    public Lease? Acquire(SshTarget target)
    {
        lock (_lock)
        {
            if (_stopped)
                return null;
            if (_connection is { } old && (_target != target || IsUseless(old)))
                Drop();
            // Its own token, not a caller's: others wait for the same attempt.
            _connection ??= _connector.ConnectAsync(target, _stop.Token);
            _target = target;
            _users++;
            return new Lease(this, _connection);
        }
    }

    /// <returns>False when this place was given up in the meantime.</returns>
    public bool Adopt(SshTarget target, ISshConnection connection)
    {
        lock (_lock)
        {
            if (_stopped)
                return false;
            Drop();
            (_connection, _target) = (Task.FromResult(connection), target);
            RestartIdleTimer();
            return true;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task<ISshConnection>? last;
        lock (_lock)
        {
            _stopped = true;
            (last, _connection) = (_connection, null);
        }
        await _stop.CancelAsync();
        await _idle.DisposeAsync();
        if (last is not null)
            await CloseAsync(last);
    }

    private static bool IsUseless(Task<ISshConnection> connection) =>
        connection.IsCompleted && !(connection.IsCompletedSuccessfully && connection.Result.IsAlive);

    private void Release()
    {
        lock (_lock)
        {
            _users--;
            RestartIdleTimer();
        }
    }

    private void RestartIdleTimer()
    {
        if (_users == 0)
            _idle.Change(_idleTimeout, Timeout.InfiniteTimeSpan);
    }

    private void CloseIdle()
    {
        lock (_lock)
        {
            if (_users == 0)
                Drop();
        }
    }

    private void Drop()
    {
        if (_connection is { } old)
            _closing.Add(CloseAsync(old));
        _connection = null;
    }

    private static async Task CloseAsync(Task<ISshConnection> connection)
    {
        await ((Task)connection).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (connection.IsCompletedSuccessfully)
            await connection.Result.DisposeAsync();
    }

    internal sealed class Lease(PoolSlot slot, Task<ISshConnection> connection) : IDisposable
    {
        public Task<ISshConnection> Connection => connection;

        public void Dispose() => slot.Release();
    }
}
