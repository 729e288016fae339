using Renci.SshNet;

namespace AutoProvision.Ssh;

internal sealed class SshSession(SshClient client, Func<Task<SshClient>> logIn, PacedRelay relay, SshTarget target, SshOptions options, TimeProvider time) : ISshSession
{
    private readonly CancellationTokenSource _lost = new();
    private readonly Lock _lock = new();
    private Task? _closing;

    public async Task<ExecEnd> ExecAsync(ExecRequest request, IExecSink sink, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(request.Timeout ?? options.ExecTimeout, time);
        using var exec = new RemoteExec(client, request, sink, time, relay.Gate)
        {
            OnBroken = () => { },
            LogIn = logIn,
            // The connection's own timeout is for input that is read late.
            Patience = options.ConnectTimeout,
            // What still waits for the command to take its input is freed by that.
            OnEnded = CloseAsync,
        };
        return await GuardAsync(() => exec.RunAsync(deadline.Token, _lost.Token, cancellation), cancellation);
    }

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
        catch (Exception e) when (SshFailures.Of(e, target, client.IsConnected) is { } failure)
        {
            throw failure;
        }
        catch (Exception e) when (e is TimeoutException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw SshFailures.ConnectionLost(target, e);
        }
    }
}
