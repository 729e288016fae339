using System.Net.Sockets;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace AutoProvision.Ssh;

/// <summary>Real connections, by SSH.NET.</summary>
public sealed class SshConnector(IOptions<SshOptions> options, TimeProvider time) : ISshConnector, IAsyncDisposable
{
    // For input that a command reads late: SSH.NET gives a write up after its connection's timeout, having sent a part of it.
    private static readonly TimeSpan LongestWrite = TimeSpan.FromDays(2);

    // sshd hangs up on some of those that come at once (MaxStartups), and on all for a moment while it is restarted.
    private static readonly TimeSpan HangUpPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);
    private readonly SshOptions _options = options.Value;
    private readonly LoginTurns _turns = new();
    private readonly TrackedTasks _abandoned = new();

    public async Task<ISshConnection> ConnectAsync(SshTarget target, CancellationToken cancellation)
    {
        // Once: to sshd it is somebody who has not logged in yet, and may be the one too many.
        await TcpProbe.CheckAsync(target, _options.ProbeTimeout, time, cancellation);
        var client = await InTurnAsync(target, () => LogInAsync(target, null, cancellation), cancellation);
        return new SshConnection(client, token => LogInAgainAsync(target, token), target, _options, time);
    }

    public Task<ISshSession> OpenSessionAsync(SshTarget target, CancellationToken cancellation) => InTurnAsync<ISshSession>(target, async () =>
    {
        var relay = await PacedRelay.OpenAsync(target, _options.ProbeTimeout, time, cancellation);
        try
        {
            var client = await LogInAsync(target, relay.Port, cancellation);
            client.ConnectionInfo.Timeout = LongestWrite;
            return new SshSession(client, token => LogInAgainAsync(target, token), relay, target, _options, time);
        }
        catch
        {
            await relay.DisposeAsync();
            throw;
        }
    }, cancellation);

    public ValueTask DisposeAsync() => _abandoned.DisposeAsync();

    private Task<SshClient> LogInAgainAsync(SshTarget target, CancellationToken cancellation) => InTurnAsync(target, () => LogInAsync(target, null, cancellation), cancellation);

    private async Task<T> InTurnAsync<T>(SshTarget target, Func<Task<T>> logIn, CancellationToken cancellation)
    {
        using var turn = await InTimeAsync(target, token => _turns.TakeAsync(target, token), cancellation);
        long? alone = null;
        for (var pause = FirstPause; ; pause = pause < LongestPause ? 2 * pause : LongestPause)
        {
            try
            {
                return await logIn();
            }
            catch (FailureException e) when (IsHangUp(e) && (alone is not { } since || time.GetElapsedTime(since) + pause < HangUpPatience))
            {
                // Another try may get in.
            }
            await InTimeAsync(target, turn.TryAloneAsync, cancellation);
            alone ??= time.GetTimestamp();
            await Task.Delay(pause, time, cancellation);
        }
    }

    private async Task<LoginTurns.Turn> InTimeAsync(SshTarget target, Func<CancellationToken, Task<LoginTurns.Turn>> wait, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(_options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            return await wait(either.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw SshFailures.NotReachable(target, $"earlier logins have not ended within {_options.ConnectTimeout.TotalSeconds:0} s", e);
        }
    }

    // After the connection was accepted. A refused one, or none at all, is told at once: a booting guest is looked at again anyway.
    private static bool IsHangUp(FailureException e) => e.Code == SshFailures.Unreachable && e.InnerException
        is (SshException and not SshOperationTimeoutException) or IOException or SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown };

    private async Task<SshClient> LogInAsync(SshTarget target, int? relay, CancellationToken cancellation)
    {
        var handshake = new SshHandshake(target, _options, cancellation) { Relay = relay };
        var attempt = DedicatedThread.RunAsync(handshake.Run);
        try
        {
            return await attempt.WaitAsync(_options.ConnectTimeout, time, cancellation);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            // SSH.NET cannot be interrupted in a handshake; it gives up by its own timeout, and whatever it still opens is closed.
            _abandoned.Add(CloseLateAsync(attempt));
            cancellation.ThrowIfCancellationRequested();
            throw SshFailures.NotReachable(target, $"no SSH handshake within {_options.ConnectTimeout.TotalSeconds:0} s", e);
        }
    }

    private static async Task CloseLateAsync(Task<SshClient> attempt)
    {
        using var client = await attempt;
    }
}
