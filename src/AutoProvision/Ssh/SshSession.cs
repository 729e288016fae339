using AutoProvision.Vms;
using Renci.SshNet;

namespace AutoProvision.Ssh;

internal sealed class SshSession(SshClient client, Func<Task<SshClient>> logIn, PacedRelay relay, SshTarget target, SshOptions options, TimeProvider time) : ISshSession
{
    // The question before the command was on a channel that sshd may not have noticed yet to be closed.
    private const int MostTries = 5;
    private readonly CancellationTokenSource _lost = new();
    private readonly Lock _lock = new();
    private readonly LoginShell _shell = new();
    private Task? _closing;

    public async Task<ExecEnd> ExecAsync(ExecRequest request, IExecSink sink, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(request.Timeout ?? options.ExecTimeout, time);
        // A command whose time went by before it is not begun.
        if (!request.IsOwn && await LearnShellAsync(deadline.Token, cancellation) is { TimedOut: true } late)
            return late;
        for (var left = MostTries; ; left--)
        {
            using var exec = NewExec(request, sink);
            try
            {
                return await GuardAsync(() => exec.RunAsync(deadline.Token, _lost.Token, cancellation), cancellation);
            }
            catch (FailureException e) when (e.Code == SshFailures.Refused && !exec.IsOpen && left > 1)
            {
                await Task.Delay(options.RetryInterval, time, cancellation);
            }
        }
    }

    private RemoteExec NewExec(ExecRequest request, IExecSink sink) => new(client, _shell, request, sink, time, relay.Gate)
    {
        OnBroken = () => { },
        LogIn = logIn,
        // The connection's own timeout is for input that is read late.
        Patience = options.ConnectTimeout,
        // What still waits for the command to take its input is freed by that.
        OnEnded = CloseAsync,
    };

    public Task<ITerminal> OpenTerminalAsync(string type, TerminalSize size, CancellationToken cancellation) =>
        GuardAsync(() => OpenAsync(type, size, cancellation), cancellation);

    public async ValueTask DisposeAsync()
    {
        // SSH.NET does not tell a command that its peer is gone: whoever waits for one is told here.
        await _lost.CancelAsync();
        await CloseAsync();
    }

    private async Task<ITerminal> OpenAsync(string type, TerminalSize size, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _lost.Token);
        var opening = DedicatedThread.RunAsync(() => new ShellTerminal(client, relay.Gate, type, size));
        return await opening.WaitAsync(options.ConnectTimeout, time, either.Token);
    }

    private async Task<ExecEnd> LearnShellAsync(CancellationToken deadline, CancellationToken cancellation)
    {
        using var told = new ExecCollector(LoginShell.Question);
        using var exec = new RemoteExec(client, _shell, LoginShell.Question, told, time) { OnBroken = () => { }, LogIn = logIn, Patience = options.ConnectTimeout };
        return await GuardAsync(() => exec.RunAsync(deadline, _lost.Token, cancellation), cancellation);
    }

    private Task CloseAsync()
    {
        lock (_lock)
            return _closing ??= CloseOnceAsync();
    }

    private async Task CloseOnceAsync()
    {
        // The relay first: saying goodbye to a silent peer blocks, and what was held back must not.
        relay.Gate.Open();
        await relay.DisposeAsync();
        await DedicatedThread.RunAsync(client.Dispose);
    }

    private async Task<T> GuardAsync<T>(Func<Task<T>> work, CancellationToken cancellation)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (SshFailures.Of(e, target, GuestEnd.IsConnected(client)) is { } failure)
        {
            throw failure;
        }
        catch (Exception e) when (e is TimeoutException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw SshFailures.ConnectionLost(target, e);
        }
    }
}
