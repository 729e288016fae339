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
            await response.Body.FlushAsync(cancellation);
            while (await next)
            {
                next = source.MoveNextAsync().AsTask();
                while (await IsQuietAsync(next, time))
                    await WriteAsync(response, ": still here\n\n", cancellation);
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

    private static string Format(VmEvent what, JsonSerializerOptions json) =>
        $"id: {what.Seq}\nevent: {what.Type}\ndata: {JsonSerializer.Serialize(what, json)}\n\n";

    private static JsonSerializerOptions Json(IServiceProvider services) =>
        services.GetRequiredService<IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions>>().Value.SerializerOptions;
}
