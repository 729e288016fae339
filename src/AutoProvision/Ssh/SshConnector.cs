using Microsoft.Extensions.Options;
using Renci.SshNet;

namespace AutoProvision.Ssh;

/// <summary>Real connections, by SSH.NET.</summary>
public sealed class SshConnector(IOptions<SshOptions> options, TimeProvider time) : ISshConnector, IAsyncDisposable
{
    // For input that a command reads late: SSH.NET gives a write up after its connection's timeout, having sent a part of it.
    private static readonly TimeSpan LongestWrite = TimeSpan.FromDays(2);
    private readonly SshOptions _options = options.Value;
    private readonly TrackedTasks _abandoned = new();

    public async Task<ISshConnection> ConnectAsync(SshTarget target, CancellationToken cancellation)
    {
        await TcpProbe.CheckAsync(target, _options.ProbeTimeout, time, cancellation);
        return new SshConnection(await LogInAsync(target, null, cancellation), target, _options, time);
    }

    public async Task<ISshSession> OpenSessionAsync(SshTarget target, CancellationToken cancellation)
    {
        var relay = await PacedRelay.OpenAsync(target, _options.ProbeTimeout, time, cancellation);
        try
        {
            var client = await LogInAsync(target, relay.Port, cancellation);
            client.ConnectionInfo.Timeout = LongestWrite;
            return new SshSession(client, relay, target, _options, time);
        }
        catch
        {
            await relay.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _abandoned.DisposeAsync();

    private async Task<SshClient> LogInAsync(SshTarget target, int? relay, CancellationToken cancellation)
    {
        var handshake = new SshHandshake(target, _options, cancellation) { Relay = relay };
        var attempt = DedicatedThread.RunAsync(handshake.Run);
        try
        {
            return await attempt.WaitAsync(_options.ConnectTimeout, time, cancellation);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            // SSH.NET cannot be interrupted in a handshake; it gives up by its own timeout, and whatever it still opens is closed.
            _abandoned.Add(CloseLateAsync(attempt));
            cancellation.ThrowIfCancellationRequested();
            throw SshFailures.NotReachable(target, $"no SSH handshake within {_options.ConnectTimeout.TotalSeconds:0} s", e);
        }
    }

    private static async Task CloseLateAsync(Task<SshClient> attempt)
    {
        using var client = await attempt;
    }
}
