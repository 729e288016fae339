namespace AutoProvision.Api;

/// <summary>
/// Writes Server-Sent Events. By hand because the framework's own result has no comments, and a comment every 15 s is what
/// keeps proxies from closing a quiet stream.
/// </summary>
internal sealed class ServerSentEvents(HttpResponse response, TimeProvider time)
{
    public const string ContentType = "text/event-stream";
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>Whether a client asks for events where there is another answer too.</summary>
    public static bool IsWanted(HttpRequest request) =>
        request.GetTypedHeaders().Accept.Any(type => type.MediaType.Equals(ContentType, StringComparison.OrdinalIgnoreCase));

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

    /// <summary>Sends each item as soon as it is there, until there are no more.</summary>
    /// <param name="items">The items; asked for one at a time, and disposed of at the end.</param>
    /// <param name="format">Writes one: whole lines, and an empty one.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <param name="note">As in <see cref="NextAsync"/>.</param>
    public async Task SendAllAsync<T>(IAsyncEnumerable<T> items, Func<T, string> format, CancellationToken cancellation, Func<string>? note = null)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await using var source = items.GetAsyncEnumerator(over.Token);
        var next = Task.FromResult(true);
        try
        {
            while (await next)
            {
                next = source.MoveNextAsync().AsTask();
                if (await NextAsync(next, cancellation, note))
                    await WriteAsync(format(source.Current), cancellation);
            }
        }
        finally
        {
            // A source must not be disposed of while it is asked.
            await over.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

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
        catch (TimeoutException)
        {
            // What came at the same moment is no failure; if it is one itself, that is told by whoever awaits it.
            return !next.IsCompleted;
        }
    }
}
