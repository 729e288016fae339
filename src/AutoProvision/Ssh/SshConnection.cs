using System.Net.Sockets;
using AutoProvision.Vms;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace AutoProvision.Ssh;

internal sealed class SshConnection(SshClient client, SshTarget target, SshOptions options, TimeProvider time) : ISshConnection
{
    private readonly SemaphoreSlim _channels = new(options.ConcurrentExecs);
    // File transfers take part in the same limit, and never all of it: commands go on beside them.
    private readonly SemaphoreSlim _transfers = new(Math.Max(1, options.ConcurrentExecs / 2));
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
        catch (Exception e) when (IsOfConnection(e))
        {
            throw Explain(e);
        }
        finally
        {
            _channels.Release();
        }
    }

    public async Task<ISshChannel> OpenAsync(string command, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            await _transfers.WaitAsync(either.Token);
            try
            {
                await _channels.WaitAsync(either.Token);
                return await StartAsync(command);
            }
            catch
            {
                _transfers.Release();
                throw;
            }
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw SshFailures.ChannelRefused(target, e);
        }
    }

    private async Task<ISshChannel> StartAsync(string command)
    {
        try
        {
            return await DedicatedThread.RunAsync(() => SshProgram.Start(client, command, Leave, _lost.Token));
        }
        catch (Exception e)
        {
            _channels.Release();
            throw IsOfConnection(e) ? Explain(e) : e;
        }
    }

    private void Leave()
    {
        _channels.Release();
        _transfers.Release();
    }

    // NullReferenceException: SSH.NET 2026.0.0, when the session ends while a command's channel is being opened (SshCommand.cs,
    // UnsubscribeFromChannelEvents on a channel that is not there yet).
    private static bool IsOfConnection(Exception e) => e is SshException or SocketException or ObjectDisposedException or NullReferenceException;

    private FailureException Explain(Exception e)
    {
        if (IsAlive && e is SshException and not (SshConnectionException or SshOperationTimeoutException))
            return SshFailures.ChannelRefused(target, e);
        _broken = true;
        return SshFailures.ConnectionLost(target, e);
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
