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
        if (httpContext.Request.Headers.Origin is [{ } origin, ..] && !IsOwn(origin, httpContext.Request))
            throw Foreign(origin);
        var stopping = httpContext.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        await using var terminal = await open(httpContext.RequestAborted);
        using var socket = await httpContext.WebSockets.AcceptWebSocketAsync();
        await new TerminalBridge(terminal, socket).RunAsync(stopping, httpContext.RequestAborted);
    }

    // A browser sends the page's origin, and sends no cookie or key that would tell a stranger's page from ours.
    private static bool IsOwn(string origin, HttpRequest request) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var page) && Uri.TryCreate($"{page.Scheme}://{request.Host}", UriKind.Absolute, out var own)
        && page.Authority.Equals(own.Authority, StringComparison.OrdinalIgnoreCase);

    private static FailureException NotWanted() => new("websocket_wanted",
        "A terminal is a WebSocket, and this is no request for one.", "Connect with a WebSocket client, to ws:// in place of http://.");

    private static FailureException Foreign(string origin) => new("origin_not_allowed",
        $"A page from {origin} may not open a terminal here.", "Open it from a page of the service's own host; a proxy has to pass Host on as the browser sent it.");
}
