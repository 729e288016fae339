using System.Text;

namespace AutoProvision.Api;

/// <summary>Server-Sent Events of a console: <c>event: line</c> with the line as it is for data; a comment every 15 s while it is quiet.</summary>
public sealed class ConsoleStream(IAsyncEnumerable<string> lines) : IResult
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        // A stream has no end of its own: without this, stopping the service would wait for its readers.
        var stopping = httpContext.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, stopping);
        try
        {
            await WriteAllAsync(response, httpContext.RequestServices.GetRequiredService<TimeProvider>(), ended.Token);
        }
        catch (OperationCanceledException)
        {
            // The reader hung up, or the service stops.
        }
    }

    private async Task WriteAllAsync(HttpResponse response, TimeProvider time, CancellationToken cancellation)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await using var source = lines.GetAsyncEnumerator(over.Token);
        var next = Task.FromResult(false);
        try
        {
            await response.Body.FlushAsync(cancellation);
            while (true)
            {
                next = source.MoveNextAsync().AsTask();
                // What is there already goes out together.
                if (!next.IsCompleted)
                    await response.Body.FlushAsync(cancellation);
                while (await IsQuietAsync(next, time))
                    await WriteAsync(response, ": still here\n\n", cancellation);
                if (!await next)
                    return;
                // Its lone carriage returns, which would end a field, were cut out with the control sequences.
                await response.WriteAsync($"event: line\ndata: {source.Current}\n\n", Encoding.UTF8, cancellation);
            }
        }
        finally
        {
            // A source must not be disposed of while it is asked.
            await over.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task WriteAsync(HttpResponse response, string text, CancellationToken cancellation)
    {
        await response.WriteAsync(text, cancellation);
        await response.Body.FlushAsync(cancellation);
    }

    private static async Task<bool> IsQuietAsync(Task next, TimeProvider time)
    {
        try
        {
            await next.WaitAsync(Heartbeat, time);
            return false;
        }
        catch (TimeoutException)
        {
            return true;
        }
    }
}
