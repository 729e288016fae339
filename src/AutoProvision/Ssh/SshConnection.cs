using System.Net.Sockets;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace AutoProvision.Ssh;

internal sealed class SshConnection(SshClient client, SshTarget target, SshOptions options, TimeProvider time) : ISshConnection
{
    private readonly SemaphoreSlim _channels = new(options.ConcurrentExecs);
    private readonly CancellationTokenSource _lost = new();
    private volatile bool _broken;

    public bool IsAlive => !_broken && client.IsConnected;

    public async Task<ExecResult> ExecAsync(ExecRequest request, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        // The command's own time runs while it waits for its turn, too.
        using var deadline = new CancellationTokenSource(request.Timeout ?? options.ExecTimeout, time);
        if (!await EnterAsync(deadline.Token, cancellation))
            return new ExecResult(null, null, "", "", time.GetElapsedTime(started), TimedOut: true, Truncated: false);
        try
        {
            using var exec = new RemoteExec(client, request, time) { OnBroken = () => _broken = true };
            return await exec.RunAsync(deadline.Token, _lost.Token, cancellation);
        }
        // NullReferenceException: SSH.NET 2026.0.0, when the session ends while a command's channel is being opened (SshCommand.cs,
        // UnsubscribeFromChannelEvents on a channel that is not there yet).
        catch (Exception e) when (e is SshConnectionException or SshOperationTimeoutException or SocketException or ObjectDisposedException or NullReferenceException)
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

    private async Task<bool> EnterAsync(CancellationToken deadline, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline, cancellation);
        try
        {
            await _channels.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _broken = true;
        // SSH.NET does not tell a command that its peer is gone: whoever waits for one is told here.
        await _lost.CancelAsync();
        // Saying goodbye to a silent peer blocks.
        await DedicatedThread.RunAsync(client.Dispose);
    }
}
