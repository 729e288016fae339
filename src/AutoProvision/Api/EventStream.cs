using System.Text.Json;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Api;

/// <summary>
/// Server-Sent Events of one VM. Written by hand because the framework's own result has no comments, and a comment every
/// 15 s is what keeps proxies from closing a quiet stream.
/// </summary>
public sealed class EventStream(IAsyncEnumerable<VmEvent> events) : IResult
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        var services = httpContext.RequestServices;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        try
        {
            await WriteAllAsync(response, services.GetRequiredService<TimeProvider>(), Json(services), httpContext.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // The reader hung up, or the service stops: the reader resumes with Last-Event-ID.
        }
    }

    private async Task WriteAllAsync(HttpResponse response, TimeProvider time, JsonSerializerOptions json, CancellationToken cancellation)
    {
        await response.Body.FlushAsync(cancellation);
        await using var source = events.GetAsyncEnumerator(cancellation);
        while (true)
        {
            var next = source.MoveNextAsync().AsTask();
            while (await IsQuietAsync(next, time))
                await WriteAsync(response, ": still here\n\n", cancellation);
            if (!await next)
                return;
            await WriteAsync(response, Format(source.Current, json), cancellation);
        }
    }

    private static async Task WriteAsync(HttpResponse response, string text, CancellationToken cancellation)
    {
        await response.WriteAsync(text, cancellation);
        await response.Body.FlushAsync(cancellation);
    }

    // Not cancelled by itself: the reader's going ends `next`, and a source must not be disposed of while it is asked.
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

    private static string Format(VmEvent what, JsonSerializerOptions json) =>
        $"id: {what.Seq}\nevent: {what.Type}\ndata: {JsonSerializer.Serialize(what, json)}\n\n";

    private static JsonSerializerOptions Json(IServiceProvider services) =>
        services.GetRequiredService<IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions>>().Value.SerializerOptions;
}
