using AutoProvision.Vms;
using Renci.SshNet;

namespace AutoProvision.Ssh;

internal sealed class SshConnection : ISshConnection
{
    private readonly SshClient _client;
    private readonly SshTarget _target;
    private readonly SshOptions _options;
    private readonly TimeProvider _time;
    private readonly ShellCommands _commands;
    private readonly ChannelPlaces _channels;
    // File transfers take part in the same limit, and never all of it: commands go on beside them.
    private readonly SemaphoreSlim _transfers;
    private readonly CancellationTokenSource _lost = new();
    private volatile bool _broken;

    public SshConnection(SshClient client, Func<CancellationToken, Task<SshClient>> logIn, SshTarget target, SshOptions options, TimeProvider time)
    {
        (_client, _target, _options, _time) = (client, target, options, time);
        (_channels, _transfers) = (new ChannelPlaces(options.ConcurrentExecs), new SemaphoreSlim(Math.Max(1, options.ConcurrentExecs / 2)));
        _commands = new ShellCommands((shell, request, sink) => new RemoteExec(client, shell, request, sink, time) { OnBroken = () => _broken = true, LogIn = logIn }, options, time);
    }

    public bool IsAlive => !_broken && GuestEnd.IsConnected(_client);

    public async Task<ExecEnd> ExecAsync(ExecRequest request, IExecSink sink, CancellationToken cancellation)
    {
        var started = _time.GetTimestamp();
        // The command's own time runs while it waits for its turn, too.
        using var deadline = new CancellationTokenSource(request.Timeout ?? _options.ExecTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        try
        {
            return await InPlaceAsync(() => RunAsync(request, sink, deadline.Token, cancellation), either.Token);
        }
        // Else it is told by the command itself, which ends with its time.
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            return new ExecEnd(null, null, _time.GetElapsedTime(started), TimedOut: true);
        }
    }

    private async Task<ExecEnd> RunAsync(ExecRequest request, IExecSink sink, CancellationToken deadline, CancellationToken cancellation)
    {
        try
        {
            var end = await _commands.RunAsync(request, sink, deadline, _lost.Token, cancellation);
            _channels.Leave();
            return end;
        }
        catch (ChannelNotOpenedException e) when (IsAlive)
        {
            throw Refused(e);
        }
        catch (Exception e)
        {
            _channels.Leave();
            // sshd looked the shell up when the user logged in: it stays this one here, also when the user is given another.
            _broken |= e is FailureException { Code: SshFailures.CommandFailed or SshFailures.WentDown };
            if (e is OperationCanceledException && _lost.IsCancellationRequested && !cancellation.IsCancellationRequested)
                throw SshFailures.ConnectionLost(_target, e);
            // Of a command that has begun nobody can tell how far it came.
            if (SshFailures.Of(e, _target, isAlive: false) is not { } failure)
                throw;
            _broken = true;
            throw failure;
        }
    }

    public async Task<ISshChannel> OpenAsync(string command, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(_options.ConnectTimeout, _time);
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
            throw SshFailures.ChannelRefused(_target, e);
        }
    }

    private async Task<ISshChannel> StartAsync(string command)
    {
        try
        {
            return await DedicatedThread.RunAsync(() => SshProgram.Start(_client, SentText.OfScript(command), Leave, _lost.Token));
        }
        catch (Exception e) when (IsRefusal(e))
        {
            throw Refused(e);
        }
        catch (Exception e)
        {
            _channels.Leave();
            if (SshFailures.Of(e, _target, IsAlive) is not { } failure)
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
    private Task<T> InPlaceAsync<T>(Func<Task<T>> work, CancellationToken patience) => _commands.RetryAsync(async () =>
    {
        await _channels.EnterAsync(patience);
        return await work();
    }, patience);

    private bool IsRefusal(Exception e) => IsAlive && SshFailures.Of(e, _target, isAlive: true)?.Code == SshFailures.Refused;

    private Exception Refused(Exception e) => _channels.LeaveRefused() ? new ConnectionFullException() : SshFailures.ChannelRefused(_target, e);

    public async ValueTask DisposeAsync()
    {
        _broken = true;
        // SSH.NET does not tell a command that its peer is gone: whoever waits for one is told here.
        await _lost.CancelAsync();
        // Saying goodbye to a silent peer blocks.
        await DedicatedThread.RunAsync(_client.Dispose);
    }
}
