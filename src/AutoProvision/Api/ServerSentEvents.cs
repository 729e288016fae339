namespace AutoProvision.Api;

/// <summary>
/// Writes Server-Sent Events. By hand because the framework's own result has no comments, and a comment every 15 s is what
/// keeps proxies from closing a quiet stream.
/// </summary>
internal sealed class ServerSentEvents(HttpResponse response, TimeProvider time)
{
    public const string ContentType = "text/event-stream";
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>Sends the head: from here on the answer is 200.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        response.ContentType = ContentType;
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        await response.Body.FlushAsync(cancellation);
    }

    /// <param name="type">Name of the event.</param>
    /// <param name="data">One line.</param>
    /// <param name="cancellation">Ends the wait for a slow reader.</param>
    public Task SendAsync(string type, string data, CancellationToken cancellation) => WriteAsync($"event: {type}\ndata: {data}\n\n", cancellation);

    /// <summary>Waits for what comes next, and says every 15 s that the stream is still there.</summary>
    /// <param name="next">What comes next.</param>
    /// <param name="cancellation">Ends the wait for a slow reader.</param>
    /// <param name="note">Whole lines to be said with it; null is none.</param>
    public async Task<T> NextAsync<T>(Task<T> next, CancellationToken cancellation, Func<string>? note = null)
    {
        while (await IsQuietAsync(next))
            await WriteAsync($": still here\n{note?.Invoke()}\n", cancellation);
        return await next;
    }

    /// <summary>Whole lines, as they are.</summary>
    public async Task WriteAsync(string text, CancellationToken cancellation)
    {
        await response.WriteAsync(text, cancellation);
        await response.Body.FlushAsync(cancellation);
    }

    private async Task<bool> IsQuietAsync(Task next)
    {
        try
        {
            await next.WaitAsync(Heartbeat, time);
            return false;
        }
        catch (TimeoutException) when (!next.IsCompleted)
        {
            return true;
        }
    }
}
