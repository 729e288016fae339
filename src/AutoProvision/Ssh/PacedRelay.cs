using System.Net;
using System.Net.Sockets;

namespace AutoProvision.Ssh;

/// <summary>
/// Carries one connection from a port of the loopback interface to a guest, no faster than its gate allows: there is no other
/// place to slow SSH.NET down from outside. What passes is SSH, encrypted and verified end to end.
/// </summary>
internal sealed class PacedRelay : IAsyncDisposable
{
    private const int BufferSize = 64 * 1024;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Socket _guest = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    private PacedRelay()
    {
    }

    public FlowGate Gate { get; } = new();

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <exception cref="Vms.FailureException"><c>ssh_unreachable</c>.</exception>
    public static async Task<PacedRelay> OpenAsync(SshTarget target, TimeSpan timeout, TimeProvider time, CancellationToken cancellation)
    {
        var relay = new PacedRelay();
        try
        {
            await TcpProbe.ConnectAsync(relay._guest, target, timeout, time, cancellation);
            relay._listener.Start(1);
            relay._running = relay.RunAsync();
            return relay;
        }
        catch
        {
            await relay.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _guest.Dispose();
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        using var client = await _listener.AcceptSocketAsync(_stop.Token);
        // For one connection only.
        _listener.Stop();
        (client.NoDelay, client.SendBufferSize) = (true, BufferSize);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var pumps = (Task[])[PumpAsync(_guest, client, Gate.PassAsync, over.Token), PumpAsync(client, _guest, _ => ValueTask.CompletedTask, over.Token)];
        // SSH has no half-closed connections: when one side is gone, the other is told.
        await Task.WhenAny(pumps);
        await over.CancelAsync();
        _guest.Close();
        client.Close();
        await Task.WhenAll(pumps).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task PumpAsync(Socket from, Socket to, Func<CancellationToken, ValueTask> pass, CancellationToken cancellation)
    {
        var buffer = new byte[BufferSize];
        while (await from.ReceiveAsync(buffer, cancellation) is > 0 and var count)
        {
            for (var sent = 0; sent < count;)
                sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), cancellation);
            await pass(cancellation);
        }
    }
}
