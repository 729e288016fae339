namespace AutoProvision.Ssh;

/// <summary>
/// One VM's place in the pool: its connection or the attempt to make one, how many use it, and when it was last used.
/// Given up once, when it is forgotten or idle, it never connects again; the pool makes a new one.
/// </summary>
internal sealed class PoolSlot : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly ISshConnector _connector;
    private readonly TimeSpan _idleTimeout;
    private readonly Action<PoolSlot> _retired;
    private readonly TrackedTasks _closing;
    private readonly ITimer _idle;
    private readonly CancellationTokenSource _stop = new();
    private Task<ISshConnection>? _connection;
    private SshTarget? _target;
    private int _users;
    private bool _stopped;

    /// <param name="connector">Opens the connection.</param>
    /// <param name="idleTimeout">How long nobody may use this place before it is given up.</param>
    /// <param name="time">Measures that.</param>
    /// <param name="closing">Keeps what is being closed.</param>
    /// <param name="retired">Told when this place was given up because nobody used it; disposes of it.</param>
    public PoolSlot(ISshConnector connector, TimeSpan idleTimeout, TimeProvider time, TrackedTasks closing, Action<PoolSlot> retired)
    {
        (_connector, _idleTimeout, _closing, _retired) = (connector, idleTimeout, closing, retired);
        _idle = time.CreateTimer(_ => CloseIdle(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        RestartIdleTimer();
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
            (last, _connection, _target) = (_connection, null, null);
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
        if (_users == 0 && !_stopped)
            _idle.Change(_idleTimeout, Timeout.InfiniteTimeSpan);
    }

    private void CloseIdle()
    {
        lock (_lock)
        {
            if (_users > 0 || _stopped)
                return;
            _stopped = true;
            Drop();
        }
        _retired(this);
    }

    private void Drop()
    {
        if (_connection is { } old)
            _closing.Add(CloseAsync(old));
        // The target holds the private key.
        (_connection, _target) = (null, null);
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
