using System.Collections.Concurrent;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Ssh;

/// <summary>
/// One live connection for each VM, made on demand and shared; a login costs an emulated guest two seconds, a command on an open connection a fraction.
/// Where a guest allows fewer commands at once on a connection than are wanted (sshd's MaxSessions), there are further ones.
/// </summary>
public sealed class SshConnectionPool(ISshConnector connector, IOptions<SshOptions> options, TimeProvider time) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<(string Id, int Number), PoolSlot> _slots = new();
    private readonly TrackedTasks _closing = new();
    // Ends when a channel was closed, and is replaced then: who found every connection full looks again.
    private TaskCompletionSource _released = NewSignal();
    private volatile bool _disposed;

    /// <summary>A VM's other place in the pool, for the connection of the service's own account. It goes with the VM's.</summary>
    public static string OfService(string id) => id + "/service";

    /// <summary>Told of a VM whose connections are closed, since its guest is another one from now on: what was learnt over them holds no longer.</summary>
    public event Action<string> Forgotten = _ => { };

    /// <summary>The connections that are not shared; what closes a VM's place here closes those too.</summary>
    public SshSessions Sessions { get; } = new(connector, options.Value.SessionsPerVm);

    /// <summary>
    /// Runs a command over the VM's connection. Callers at the same time share one attempt to connect, and its failure;
    /// a dead connection, or one to another address than the target, is replaced first.
    /// </summary>
    /// <param name="id">The VM.</param>
    /// <param name="target">
    /// Says what to connect to, or throws where the VM may not be used. Asked when the VM has its place in the pool, and again when that was
    /// forgotten in between: so a VM that is deleted at this moment is never connected to after <see cref="ForgetAsync"/>.
    /// </param>
    /// <param name="request">The command.</param>
    /// <param name="cancellation">Ends the wait for the connection, or the command.</param>
    /// <exception cref="Vms.FailureException">As <see cref="ISshConnector.ConnectAsync"/> and <see cref="ISshConnection.ExecAsync"/>; a command is never run twice.</exception>
    public async Task<ExecResult> ExecAsync(string id, Func<SshTarget> target, ExecRequest request, CancellationToken cancellation)
    {
        using var output = new ExecCollector(request);
        return output.Result(await ExecAsync(id, target, request, output, cancellation));
    }

    /// <summary>The same with the output to a sink.</summary>
    public async Task<ExecEnd> ExecAsync(string id, Func<SshTarget> target, ExecRequest request, IExecSink sink, CancellationToken cancellation)
    {
        var limit = request.Timeout ?? options.Value.ExecTimeout;
        long? full = null;
        while (true)
        {
            var released = Volatile.Read(ref _released).Task;
            if (await TryEachAsync(id, target, TryAsync, cancellation) is { } end)
                return end;
            await WaitAsync(released, limit - Waited(), cancellation);
        }

        TimeSpan Waited() => full is { } since ? time.GetElapsedTime(since) : TimeSpan.Zero;

        async Task<ExecEnd> TryAsync(ISshConnection connection, PoolSlot.Lease lease)
        {
            var isFull = false;
            try
            {
                // The wait for a place counts.
                var waited = Waited();
                var end = waited >= limit ? new ExecEnd(null, null, waited, TimedOut: true)
                    : await connection.ExecAsync(full is null ? request : request with { Timeout = limit - waited }, sink, cancellation);
                lease.Dispose();
                return end;
            }
            catch (ConnectionFullException)
            {
                isFull = true;
                full ??= time.GetTimestamp();
                throw;
            }
            finally
            {
                if (!isFull)
                    Tell();
            }
        }
    }

    /// <summary>Starts a program over the VM's connection, which stays open until the channel is disposed of. See <see cref="ISshConnection.OpenAsync"/>.</summary>
    public async Task<ISshChannel> OpenAsync(string id, Func<SshTarget> target, string command, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var released = Volatile.Read(ref _released).Task;
            var opened = await TryEachAsync<ISshChannel>(id, target, async (connection, lease) => new LeasedChannel(await connection.OpenAsync(command, cancellation), lease, Tell), cancellation);
            if (opened is not null)
                return opened;
            var left = options.Value.ConnectTimeout - time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
                throw SshFailures.ChannelRefused(target(), new ConnectionFullException());
            await WaitAsync(released, left, cancellation);
        }
    }

    /// <summary>Hands over a connection that is open already, such as the one the VM's readiness was seen on.</summary>
    public void Adopt(string id, SshTarget target, ISshConnection connection)
    {
        while (!Slot((id, 0)).Adopt(target, connection))
        {
            // Forgotten in between: the next look finds a fresh slot.
        }
    }

    /// <summary>Closes the VM's connection, if there is one; to be called when the VM is stopped, restarted or deleted.</summary>
    public async Task ForgetAsync(string id)
    {
        foreach (var key in Keys(id).Concat(Keys(OfService(id))))
            if (_slots.TryRemove(key, out var slot))
                await slot.DisposeAsync();
        Forgotten(id);
        await Sessions.EndAsync(id);
    }

    /// <summary>The same for a guest that is gone already: nobody waits until the connection to it is closed.</summary>
    public void Drop(string id)
    {
        foreach (var key in Keys(id).Concat(Keys(OfService(id))))
            if (_slots.TryGetValue(key, out var slot))
                Retire(key, slot);
        Forgotten(id);
        _closing.Add(Sessions.EndAsync(id));
    }

    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        await Sessions.EndAsync();
        foreach (var (id, _) in _slots.Keys)
            await ForgetAsync(id);
        await _closing.DisposeAsync();
    }

    // As many as there may be commands at once: each may need one of its own.
    private IEnumerable<(string Id, int Number)> Keys(string id) => Enumerable.Range(0, options.Value.ConcurrentExecs).Select(number => (id, number));

    /// <summary>Uses the first connection that is not full; null where all are. The lease is the user's from then on.</summary>
    private async Task<T?> TryEachAsync<T>(string id, Func<SshTarget> target, Func<ISshConnection, PoolSlot.Lease, Task<T>> use, CancellationToken cancellation)
        where T : class
    {
        foreach (var key in Keys(id))
        {
            var (lease, to) = Acquire(key, target);
            var isConnected = false;
            try
            {
                var connection = await ConnectedAsync(lease, to, cancellation);
                isConnected = true;
                return await use(connection, lease);
            }
            catch (ConnectionFullException)
            {
                lease.Dispose();
            }
            // The guest that let one in lets no more in: those that there are become free some time.
            catch (FailureException) when (key.Number > 0 && !isConnected)
            {
                lease.Dispose();
                break;
            }
            catch
            {
                lease.Dispose();
                throw;
            }
        }
        return null;
    }

    private async Task WaitAsync(Task released, TimeSpan most, CancellationToken cancellation)
    {
        if (most > TimeSpan.Zero)
            await released.WaitAsync(most, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellation.ThrowIfCancellationRequested();
    }

    private (PoolSlot.Lease Lease, SshTarget Target) Acquire((string Id, int Number) key, Func<SshTarget> target)
    {
        while (true)
        {
            // In this order: whatever the target is asked of cannot change unseen between the answer and the connection.
            var slot = Slot(key);
            var to = target();
            if (slot.Acquire(to) is { } lease)
                return (lease, to);
        }
    }

    private PoolSlot Slot((string Id, int Number) key)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _slots.GetOrAdd(key, _ => new PoolSlot(connector, options.Value.IdleTimeout, time, _closing, slot => Retire(key, slot)));
    }

    private void Retire((string Id, int Number) key, PoolSlot slot)
    {
        _slots.TryRemove(KeyValuePair.Create(key, slot));
        _closing.Add(slot.DisposeAsync().AsTask());
    }

    private void Tell() => Interlocked.Exchange(ref _released, NewSignal()).SetResult();

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static async Task<ISshConnection> ConnectedAsync(PoolSlot.Lease lease, SshTarget target, CancellationToken cancellation)
    {
        try
        {
            return await lease.Connection.WaitAsync(cancellation);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw SshFailures.ConnectionLost(target, e);
        }
    }
}
