using System.Text.Json;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Api;

/// <summary>Server-Sent Events, of one VM or of all.</summary>
/// <param name="events">The events.</param>
/// <param name="reader">Where the events are those of all VMs: what reads them.</param>
public sealed class EventStream(IAsyncEnumerable<VmEvent> events, EventReader? reader = null) : IResult
{
    // About as long as a restart takes.
    private static readonly TimeSpan Comeback = TimeSpan.FromSeconds(3);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        var services = httpContext.RequestServices;
        var stream = new ServerSentEvents(response, services.GetRequiredService<TimeProvider>());
        // A stream has no end of its own: without this, stopping the service would wait for its readers.
        var stopping = services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var parting = SlowPeers.WaitForReader(httpContext);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, stopping);
        try
        {
            await WriteAllAsync(stream, Json(services), ended.Token);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested && !httpContext.RequestAborted.IsCancellationRequested)
        {
            await stream.WriteAsync($": the service is being stopped; the stream goes on after Last-Event-ID\nretry: {Comeback.TotalMilliseconds:0}\n\n", httpContext.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // The reader hung up; it resumes with Last-Event-ID.
        }
    }

    private async Task WriteAllAsync(ServerSentEvents stream, JsonSerializerOptions json, CancellationToken cancellation)
    {
        await stream.StartAsync(cancellation);
        await stream.WriteAsync(reader is null ? "" : $"{Mark()}\n", cancellation);
        await stream.SendAllAsync(events, what => Format(what, json), cancellation, Mark);
    }

    // An id without data is no event, but the place that a client resumes after: of a stream that has given nothing yet, or
    // that leaves most events out. https://html.spec.whatwg.org/multipage/server-sent-events.html#dispatchMessage
    private string Mark() => reader is null ? "" : $"id: {reader.Position}\n";

    private string Format(VmEvent what, JsonSerializerOptions json) =>
        $"id: {(reader is null ? what.Seq : what.Position)}\nevent: {what.Type.Name()}\ndata: {JsonSerializer.Serialize(what, json)}\n\n";

    private static JsonSerializerOptions Json(IServiceProvider services) =>
        services.GetRequiredService<IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions>>().Value.SerializerOptions;
}
