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

    /// <summary>A VM's other place in the pool, for the connection of the service's own account. It goes with the VM's.</summary>
    public static string OfService(string id) => id + "/service";

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
        var (lease, to) = Acquire(id, target);
        using (lease)
        {
            var connection = await ConnectedAsync(lease, to, cancellation);
            return await connection.ExecAsync(request, sink, cancellation);
        }
    }

    /// <summary>Starts a program over the VM's connection, which stays open until the channel is disposed of. See <see cref="ISshConnection.OpenAsync"/>.</summary>
    public async Task<ISshChannel> OpenAsync(string id, Func<SshTarget> target, string command, CancellationToken cancellation)
    {
        var (lease, to) = Acquire(id, target);
        try
        {
            var connection = await ConnectedAsync(lease, to, cancellation);
            return new LeasedChannel(await connection.OpenAsync(command, cancellation), lease);
        }
        catch
        {
            lease.Dispose();
            throw;
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
        foreach (var place in (string[])[id, OfService(id)])
            if (_slots.TryRemove(place, out var slot))
                await slot.DisposeAsync();
        await Sessions.EndAsync(id);
    }

    /// <summary>The same for a guest that is gone already: nobody waits until the connection to it is closed.</summary>
    public void Drop(string id)
    {
        foreach (var place in (string[])[id, OfService(id)])
            if (_slots.TryGetValue(place, out var slot))
                Retire(place, slot);
        _closing.Add(Sessions.EndAsync(id));
    }

    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        await Sessions.EndAsync();
        foreach (var id in _slots.Keys)
            await ForgetAsync(id);
        await _closing.DisposeAsync();
    }

    private (PoolSlot.Lease Lease, SshTarget Target) Acquire(string id, Func<SshTarget> target)
    {
        while (true)
        {
            // In this order: whatever the target is asked of cannot change unseen between the answer and the connection.
            var slot = Slot(id);
            var to = target();
            if (slot.Acquire(to) is { } lease)
                return (lease, to);
        }
    }

    private PoolSlot Slot(string id)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _slots.GetOrAdd(id, _ => new PoolSlot(connector, options.Value.IdleTimeout, time, _closing, slot => Retire(id, slot)));
    }

    private void Retire(string id, PoolSlot slot)
    {
        _slots.TryRemove(KeyValuePair.Create(id, slot));
        _closing.Add(slot.DisposeAsync().AsTask());
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
