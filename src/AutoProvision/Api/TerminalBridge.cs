using System.Net.WebSockets;
using System.Text.Json;
using AutoProvision.Ssh;

namespace AutoProvision.Api;

/// <summary>Carries bytes between a terminal and a WebSocket until one of them ends.</summary>
internal sealed class TerminalBridge(ITerminal terminal, WebSocket socket)
{
    private const int LongestMessage = 1024;
    private static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(5);

    /// <summary>Returns when the socket is closed.</summary>
    public async Task RunAsync(CancellationToken stopping, CancellationToken aborted)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping, aborted);
        var shown = ShowAsync(over.Token);
        // Its own token: a cancelled read would abort the socket, and nothing could be said any more.
        using var hungUp = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        var typed = TypeAsync(hungUp.Token);
        try
        {
            await Task.WhenAny(shown, typed);
            await over.CancelAsync();
            await ((Task)shown).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var (status, reason) = typed.IsCompleted ? await typed : Ending(stopping);
            await CloseAsync(status, reason, typed, hungUp);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // The client is gone without a word; the guest hangs up on the shell.
        }
        finally
        {
            await hungUp.CancelAsync();
            await ((Task)typed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private (WebSocketCloseStatus, string) Ending(CancellationToken stopping) => terminal.End switch
    {
        { ExitCode: { } code } => (WebSocketCloseStatus.NormalClosure, JsonSerializer.Serialize(new { exitCode = code })),
        { Signal: { } signal } => (WebSocketCloseStatus.NormalClosure, JsonSerializer.Serialize(new { signal })),
        _ when stopping.IsCancellationRequested => (WebSocketCloseStatus.EndpointUnavailable, "service_stopping"),
        _ => (WebSocketCloseStatus.InternalServerError, "ssh_connection_lost"),
    };

    private async Task CloseAsync(WebSocketCloseStatus status, string reason, Task typed, CancellationTokenSource hungUp)
    {
        hungUp.CancelAfter(Goodbye);
        if (typed.IsCompleted)
        {
            await socket.CloseAsync(status, reason, hungUp.Token);
            return;
        }
        // The client's answer comes to the one that reads.
        await socket.CloseOutputAsync(status, reason, hungUp.Token);
        await typed;
    }

    private async Task ShowAsync(CancellationToken cancellation)
    {
        await foreach (var bytes in terminal.ReadAllAsync(cancellation))
            await socket.SendAsync(bytes, WebSocketMessageType.Binary, endOfMessage: true, cancellation);
    }

    /// <returns>How to close in answer to what the client did.</returns>
    private async Task<(WebSocketCloseStatus, string)> TypeAsync(CancellationToken cancellation)
    {
        var buffer = new byte[16 * 1024];
        var text = new List<byte>();
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(), cancellation);
            if (part.MessageType == WebSocketMessageType.Close)
                return (WebSocketCloseStatus.NormalClosure, "");
            if (part.MessageType == WebSocketMessageType.Binary)
            {
                await terminal.WriteAsync(buffer.AsMemory(0, part.Count), cancellation);
                continue;
            }
            text.AddRange(buffer.AsSpan(0, part.Count));
            if (text.Count > LongestMessage)
                return Wrong;
            if (!part.EndOfMessage)
                continue;
            if (TerminalContracts.ReadResize(text.ToArray()) is not { } size)
                return Wrong;
            await terminal.ResizeAsync(size, cancellation);
            text.Clear();
        }
    }

    private static (WebSocketCloseStatus, string) Wrong => (WebSocketCloseStatus.InvalidPayloadData, "control_invalid");
}
