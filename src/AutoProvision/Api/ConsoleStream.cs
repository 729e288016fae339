namespace AutoProvision.Api;

/// <summary>Server-Sent Events of a console: <c>event: line</c> with the line as it is for data; a comment every 15 s while it is quiet.</summary>
public sealed class ConsoleStream(IAsyncEnumerable<string> lines) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var stream = new ServerSentEvents(httpContext.Response, httpContext.RequestServices.GetRequiredService<TimeProvider>());
        // A stream has no end of its own: without this, stopping the service would wait for its readers.
        var stopping = httpContext.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var parting = SlowPeers.WaitForReader(httpContext);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, stopping);
        try
        {
            await stream.StartAsync(ended.Token);
            // Its lone carriage returns, which would end a field, were cut out with the control sequences.
            await stream.SendAllAsync(lines, line => $"event: line\ndata: {line}\n\n", ended.Token);
        }
        catch (OperationCanceledException)
        {
            // The reader hung up, or the service stops.
        }
    }
}
