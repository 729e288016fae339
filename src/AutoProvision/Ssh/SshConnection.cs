using AutoProvision.Vms;
using Renci.SshNet;

namespace AutoProvision.Ssh;

internal sealed class SshConnection(SshClient client, SshTarget target, SshOptions options, TimeProvider time) : ISshConnection
{
    private readonly SemaphoreSlim _channels = new(options.ConcurrentExecs);
    // File transfers take part in the same limit, and never all of it: commands go on beside them.
    private readonly SemaphoreSlim _transfers = new(Math.Max(1, options.ConcurrentExecs / 2));
    private readonly LoginShell _shell = new();
    private readonly CancellationTokenSource _lost = new();
    private volatile bool _broken;

    public bool IsAlive => !_broken && client.IsConnected;

    public async Task<ExecEnd> ExecAsync(ExecRequest request, IExecSink sink, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        // The command's own time runs while it waits for its turn, too.
        using var deadline = new CancellationTokenSource(request.Timeout ?? options.ExecTimeout, time);
        if (!await EnterAsync(deadline.Token, cancellation))
            return new ExecEnd(null, null, time.GetElapsedTime(started), TimedOut: true);
        try
        {
            if (!request.IsOwn && _shell.IsUnknown)
                await LearnShellAsync(deadline.Token, cancellation);
            using var exec = new RemoteExec(client, _shell, request, sink, time) { OnBroken = () => _broken = true };
            return await exec.RunAsync(deadline.Token, _lost.Token, cancellation);
        }
        catch (Exception e) when (SshFailures.Of(e, target, IsAlive) is { } failure)
        {
            _broken |= failure.Code == SshFailures.Lost;
            throw failure;
        }
        catch (OperationCanceledException e) when (_lost.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw SshFailures.ConnectionLost(target, e);
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

    // Once on a connection that no own command was run on; a login alone takes many times as long.
    private async Task LearnShellAsync(CancellationToken deadline, CancellationToken cancellation)
    {
        using var sink = new ExecCollector(LoginShell.Question);
        using var exec = new RemoteExec(client, _shell, LoginShell.Question, sink, time) { OnBroken = () => _broken = true };
        try
        {
            await exec.RunAsync(deadline, _lost.Token, cancellation);
        }
        catch (FailureException e) when (e.Code == SshFailures.CommandFailed)
        {
            // The command itself will tell what its shell makes of it.
        }
    }

    private async Task<ISshChannel> StartAsync(string command)
    {
        try
        {
            return await DedicatedThread.RunAsync(() => SshProgram.Start(client, AnyShell.Run(command), Leave, _lost.Token));
        }
        catch (Exception e)
        {
            _channels.Release();
            if (SshFailures.Of(e, target, IsAlive) is not { } failure)
                throw;
            _broken |= failure.Code == SshFailures.Lost;
            throw failure;
        }
    }

    private void Leave()
    {
        _channels.Release();
        _transfers.Release();
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
