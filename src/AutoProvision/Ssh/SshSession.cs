using Renci.SshNet;

namespace AutoProvision.Ssh;

internal sealed class SshSession : ISshSession
{
    private readonly SshClient _client;
    private readonly PacedRelay _relay;
    private readonly SshTarget _target;
    private readonly SshOptions _options;
    private readonly TimeProvider _time;
    private readonly ShellCommands _commands;
    private readonly CancellationTokenSource _lost = new();
    private readonly Lock _lock = new();
    private Task? _closing;

    public SshSession(SshClient client, Func<CancellationToken, Task<SshClient>> logIn, PacedRelay relay, SshTarget target, SshOptions options, TimeProvider time)
    {
        (_client, _relay, _target, _options, _time) = (client, relay, target, options, time);
        _commands = new ShellCommands((shell, request, sink) => new RemoteExec(client, shell, request, sink, time, ReferenceEquals(request, LoginShell.Question) ? null : relay.Gate)
        {
            OnBroken = () => { },
            LogIn = logIn,
            // The connection's own timeout is for input that is read late.
            Patience = options.ConnectTimeout,
            // What still waits for the command to take its input is freed by that.
            OnEnded = ReferenceEquals(request, LoginShell.Question) ? () => Task.CompletedTask : CloseAsync,
        }, options, time);
    }

    public async Task<ExecEnd> ExecAsync(ExecRequest request, IExecSink sink, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(request.Timeout ?? _options.ExecTimeout, _time);
        return await _commands.RetryAsync(
            () => GuardAsync(() => _commands.RunAsync(request, sink, deadline.Token, _lost.Token, cancellation), e => e is ChannelNotOpenedException, cancellation), cancellation);
    }

    public Task<ITerminal> OpenTerminalAsync(string type, TerminalSize size, CancellationToken cancellation) =>
        GuardAsync(() => OpenAsync(type, size, cancellation), _ => true, cancellation);

    public async ValueTask DisposeAsync()
    {
        // SSH.NET does not tell a command that its peer is gone: whoever waits for one is told here.
        await _lost.CancelAsync();
        await CloseAsync();
    }

    private async Task<ITerminal> OpenAsync(string type, TerminalSize size, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _lost.Token);
        var opening = DedicatedThread.RunAsync(() => new ShellTerminal(_client, _relay.Gate, type, size));
        return await opening.WaitAsync(_options.ConnectTimeout, _time, either.Token);
    }

    private Task CloseAsync()
    {
        lock (_lock)
            return _closing ??= CloseOnceAsync();
    }

    private async Task CloseOnceAsync()
    {
        // The relay first: saying goodbye to a silent peer blocks, and what was held back must not.
        _relay.Gate.Open();
        await _relay.DisposeAsync();
        await DedicatedThread.RunAsync(_client.Dispose);
    }

    /// <param name="work">Uses the connection.</param>
    /// <param name="mayBeRefusal">Whether the guest may have refused it, so that nothing was run; else nobody can tell how far it came.</param>
    /// <param name="cancellation">The caller's.</param>
    private async Task<T> GuardAsync<T>(Func<Task<T>> work, Func<Exception, bool> mayBeRefusal, CancellationToken cancellation)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (SshFailures.Of(e, _target, mayBeRefusal(e) && GuestEnd.IsConnected(_client)) is { } failure)
        {
            throw failure;
        }
        catch (Exception e) when (e is TimeoutException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw SshFailures.ConnectionLost(_target, e);
        }
    }
}
