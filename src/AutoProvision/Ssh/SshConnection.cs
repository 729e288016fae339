using AutoProvision.Vms;
using Renci.SshNet;

namespace AutoProvision.Ssh;

internal sealed class SshConnection(SshClient client, Func<Task<SshClient>> logIn, SshTarget target, SshOptions options, TimeProvider time) : ISshConnection
{
    // sshd may not have noticed yet that the last channel was closed.
    private const int MostTries = 5;
    private readonly ChannelPlaces _channels = new(options.ConcurrentExecs);
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
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        try
        {
            return await InPlaceAsync(() => RunAsync(request, sink, deadline.Token, cancellation), either.Token);
        }
        // Else it is told by the command itself, which ends with its time.
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            return new ExecEnd(null, null, time.GetElapsedTime(started), TimedOut: true);
        }
    }

    private async Task<ExecEnd> RunAsync(ExecRequest request, IExecSink sink, CancellationToken deadline, CancellationToken cancellation)
    {
        RemoteExec? exec = null;
        try
        {
            // Once on a connection that no own command was run on; a login alone takes many times as long.
            var end = !request.IsOwn && _shell.IsUnknown ? await LearnShellAsync(it => exec = it, deadline, cancellation) : null;
            // A command whose time went by before it is not begun.
            if (end is not { TimedOut: true })
            {
                exec = NewExec(request, sink);
                end = await exec.RunAsync(deadline, _lost.Token, cancellation);
            }
            _channels.Leave();
            return end;
        }
        catch (Exception e) when (exec is { IsOpen: false } && IsRefusal(e))
        {
            throw Refused(e);
        }
        catch (Exception e)
        {
            _channels.Leave();
            // sshd looked the shell up when the user logged in: it stays this one here, also when the user is given another.
            _broken |= e is FailureException { Code: SshFailures.CommandFailed or SshFailures.WentDown };
            if (e is OperationCanceledException && _lost.IsCancellationRequested && !cancellation.IsCancellationRequested)
                throw SshFailures.ConnectionLost(target, e);
            // Of a command that has begun nobody can tell how far it came.
            if (SshFailures.Of(e, target, isAlive: false) is not { } failure)
                throw;
            _broken = true;
            throw failure;
        }
        finally
        {
            exec?.Dispose();
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
                return await InPlaceAsync(() => StartAsync(command), either.Token);
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

    private RemoteExec NewExec(ExecRequest request, IExecSink sink) => new(client, _shell, request, sink, time) { OnBroken = () => _broken = true, LogIn = logIn };

    private async Task<ExecEnd> LearnShellAsync(Action<RemoteExec> begins, CancellationToken deadline, CancellationToken cancellation)
    {
        using var told = new ExecCollector(LoginShell.Question);
        using var exec = NewExec(LoginShell.Question, told);
        begins(exec);
        return await exec.RunAsync(deadline, _lost.Token, cancellation);
    }

    private async Task<ISshChannel> StartAsync(string command)
    {
        try
        {
            return await DedicatedThread.RunAsync(() => SshProgram.Start(client, AnyShell.Run(command), Leave, _lost.Token));
        }
        catch (Exception e) when (IsRefusal(e))
        {
            throw Refused(e);
        }
        catch (Exception e)
        {
            _channels.Leave();
            if (SshFailures.Of(e, target, IsAlive) is not { } failure)
                throw;
            _broken |= failure.Code == SshFailures.Lost;
            throw failure;
        }
    }

    private void Leave()
    {
        _channels.Leave();
        _transfers.Release();
    }

    // Takes a place for what gives it back itself.
    private async Task<T> InPlaceAsync<T>(Func<Task<T>> work, CancellationToken patience)
    {
        for (var left = MostTries; ; left--)
        {
            await _channels.EnterAsync(patience);
            try
            {
                return await work();
            }
            catch (FailureException e) when (e.Code == SshFailures.Refused && left > 1)
            {
                await Task.Delay(options.RetryInterval, time, patience);
            }
        }
    }

    private bool IsRefusal(Exception e) => IsAlive && SshFailures.Of(e, target, isAlive: true)?.Code == SshFailures.Refused;

    private Exception Refused(Exception e) => _channels.LeaveRefused() ? new ConnectionFullException() : SshFailures.ChannelRefused(target, e);

    public async ValueTask DisposeAsync()
    {
        _broken = true;
        // SSH.NET does not tell a command that its peer is gone: whoever waits for one is told here.
        await _lost.CancelAsync();
        // Saying goodbye to a silent peer blocks.
        await DedicatedThread.RunAsync(client.Dispose);
    }
}
