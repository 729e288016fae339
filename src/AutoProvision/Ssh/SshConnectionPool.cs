using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace AutoProvision.Ssh;

/// <summary>
/// One live connection for each VM, made on demand and shared; a login costs an emulated guest two seconds, a command on an open connection a fraction.
/// </summary>
public sealed class SshConnectionPool(ISshConnector connector, IOptions<SshOptions> options, TimeProvider time) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, PoolSlot> _slots = new();
    private readonly TrackedTasks _closing = new();
    private volatile bool _disposed;

    /// <summary>
    /// Runs a command over the VM's connection. Callers at the same time share one attempt to connect, and its failure;
    /// a dead connection, or one to another address than <paramref name="target"/>, is replaced first.
    /// </summary>
    /// <exception cref="Vms.FailureException">As <see cref="ISshConnector.ConnectAsync"/> and <see cref="ISshConnection.ExecAsync"/>; a command is never run twice.</exception>
    public async Task<ExecResult> ExecAsync(string id, SshTarget target, ExecRequest request, CancellationToken cancellation)
    {
        PoolSlot.Lease? lease;
        do
            lease = Slot(id).Acquire(target);
        while (lease is null); // Forgotten between the two calls: the next look finds a fresh slot.
        using (lease)
        {
            var connection = await ConnectedAsync(lease, target, cancellation);
            return await connection.ExecAsync(request, cancellation);
        }
    }

    /// <summary>Hands over a connection that is open already, such as the one the VM's readiness was seen on.</summary>
    public void Adopt(string id, SshTarget target, ISshConnection connection)
    {
        while (!Slot(id).Adopt(target, connection))
        {
            // Forgotten in between: the next look finds a fresh slot.
        }
    }

    /// <summary>Closes the VM's connection, if there is one; to be called when the VM is stopped, restarted or deleted.</summary>
    public async Task ForgetAsync(string id)
    {
        if (_slots.TryRemove(id, out var slot))
            await slot.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        foreach (var id in _slots.Keys)
            await ForgetAsync(id);
        await _closing.DisposeAsync();
    }

    private PoolSlot Slot(string id)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _slots.GetOrAdd(id, _ => new PoolSlot(connector, options.Value.IdleTimeout, time, _closing));
    }

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
