using Microsoft.Extensions.Options;
using Renci.SshNet;

namespace AutoProvision.Ssh;

/// <summary>Real connections, by SSH.NET.</summary>
public sealed class SshConnector(IOptions<SshOptions> options, TimeProvider time) : ISshConnector, IAsyncDisposable
{
    private readonly SshOptions _options = options.Value;
    private readonly TrackedTasks _abandoned = new();

    public async Task<ISshConnection> ConnectAsync(SshTarget target, CancellationToken cancellation)
    {
        await TcpProbe.CheckAsync(target, _options.ProbeTimeout, time, cancellation);
        var handshake = new SshHandshake(target, _options, cancellation);
        var attempt = DedicatedThread.RunAsync(handshake.Run);
        try
        {
            var client = await attempt.WaitAsync(_options.ConnectTimeout, time, cancellation);
            return new SshConnection(client, target, _options, time);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            // SSH.NET cannot be interrupted in a handshake; it gives up by its own timeout, and whatever it still opens is closed.
            _abandoned.Add(CloseLateAsync(attempt));
            cancellation.ThrowIfCancellationRequested();
            throw SshFailures.NotReachable(target, $"no SSH handshake within {_options.ConnectTimeout.TotalSeconds:0} s", e);
        }
    }

    public ValueTask DisposeAsync() => _abandoned.DisposeAsync();

    private static async Task CloseLateAsync(Task<SshClient> attempt)
    {
        using var client = await attempt;
    }
}
