using AutoProvision.Ssh;
using AutoProvision.Vms;

namespace AutoProvision.Api;

/// <summary>
/// A terminal over a WebSocket. Binary messages are what is typed and shown; text messages from the client are control messages.
/// Everything that can be refused is, before the connection is upgraded.
/// </summary>
public sealed class TerminalSocket(Func<CancellationToken, Task<ITerminal>> open) : IResult
{
    public const string Description =
        "The user's login shell on a terminal of its own. Binary messages carry bytes both ways; a text message from the client is `{\"type\":\"resize\",\"cols\":120,\"rows\":40}`. When the shell ends, the server closes with 1000 and the reason `{\"exitCode\":0}` or `{\"signal\":\"HUP\"}`; with 1001 `service_stopping` when the service is stopped, 1007 `control_invalid` after a wrong control message, 1011 `ssh_connection_lost` when the VM is gone. A web page may open it only from the service's own host (`Origin`).";

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        if (!httpContext.WebSockets.IsWebSocketRequest)
            throw NotWanted();
        OwnOrigin.Check(httpContext.Request);
        var stopping = httpContext.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        await using var terminal = await open(httpContext.RequestAborted);
        using var socket = await httpContext.WebSockets.AcceptWebSocketAsync();
        await new TerminalBridge(terminal, socket).RunAsync(stopping, httpContext.RequestAborted);
    }

    private static FailureException NotWanted() => new("websocket_wanted",
        "A terminal is a WebSocket, and this is no request for one.", "Connect with a WebSocket client, to ws:// in place of http://.");
}
