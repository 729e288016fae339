using System.Text.Json;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Api;

/// <summary>
/// Server-Sent Events, of one VM or of all. Written by hand because the framework's own result has no comments, and a comment
/// every 15 s is what keeps proxies from closing a quiet stream.
/// </summary>
/// <param name="events">The events.</param>
/// <param name="reader">Where the events are those of all VMs: what reads them.</param>
public sealed class EventStream(IAsyncEnumerable<VmEvent> events, EventReader? reader = null) : IResult
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    // About as long as a restart takes.
    private static readonly TimeSpan Comeback = TimeSpan.FromSeconds(3);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        var services = httpContext.RequestServices;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        // A stream has no end of its own: without this, stopping the service would wait for its readers.
        var stopping = services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, stopping);
        try
        {
            await WriteAllAsync(response, services.GetRequiredService<TimeProvider>(), Json(services), ended.Token);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested && !httpContext.RequestAborted.IsCancellationRequested)
        {
            await WriteAsync(response, $": the service is being stopped; the stream goes on after Last-Event-ID\nretry: {Comeback.TotalMilliseconds:0}\n\n", httpContext.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // The reader hung up; it resumes with Last-Event-ID.
        }
    }

    private async Task WriteAllAsync(HttpResponse response, TimeProvider time, JsonSerializerOptions json, CancellationToken cancellation)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await using var source = events.GetAsyncEnumerator(over.Token);
        var next = Task.FromResult(true);
        try
        {
            await WriteAsync(response, reader is null ? "" : $"{Mark()}\n", cancellation);
            while (await next)
            {
                next = source.MoveNextAsync().AsTask();
                while (await IsQuietAsync(next, time))
                    await WriteAsync(response, $": still here\n{Mark()}\n", cancellation);
                if (await next)
                    await WriteAsync(response, Format(source.Current, json), cancellation);
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

    // An id without data is no event, but the place that a client resumes after: of a stream that has given nothing yet, or
    // that leaves most events out. https://html.spec.whatwg.org/multipage/server-sent-events.html#dispatchMessage
    private string Mark() => reader is null ? "" : $"id: {reader.Position}\n";

    private string Format(VmEvent what, JsonSerializerOptions json) =>
        $"id: {(reader is null ? what.Seq : what.Position)}\nevent: {what.Type.Name()}\ndata: {JsonSerializer.Serialize(what, json)}\n\n";

    private static JsonSerializerOptions Json(IServiceProvider services) =>
        services.GetRequiredService<IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions>>().Value.SerializerOptions;
}
