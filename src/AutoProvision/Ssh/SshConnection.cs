using System.Net.Sockets;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace AutoProvision.Ssh;

internal sealed class SshConnection(SshClient client, SshTarget target, SshOptions options, TimeProvider time) : ISshConnection
{
    private readonly SemaphoreSlim _channels = new(options.ConcurrentExecs);
    private volatile bool _broken;

    public bool IsAlive => !_broken && client.IsConnected;

    public async Task<ExecResult> ExecAsync(ExecRequest request, CancellationToken cancellation)
    {
        await _channels.WaitAsync(cancellation);
        try
        {
            using var exec = new RemoteExec(client, request, options.ExecTimeout, time) { OnBroken = () => _broken = true };
            return await exec.RunAsync(cancellation);
        }
        catch (Exception e) when (e is SshConnectionException or SshOperationTimeoutException or SocketException or ObjectDisposedException)
        {
            _broken = true;
            throw SshFailures.ConnectionLost(target, e);
        }
        catch (SshException e)
        {
            throw IsAlive ? SshFailures.ChannelRefused(target, e) : SshFailures.ConnectionLost(target, e);
        }
        finally
        {
            _channels.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _broken = true;
        // Saying goodbye to a silent peer blocks.
        await DedicatedThread.RunAsync(client.Dispose);
    }
}
