using AutoProvision.Vms;
using Microsoft.AspNetCore.Mvc;

namespace AutoProvision.Api;

public static class EventEndpoints
{
    public static void MapEvents(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/events", Events).WithTags("Events").WithName("watchEvents").WithSummary("Follow the events of all VMs (Server-Sent Events)")
            .WithDescription("Begins with the present, or with `from=oldest` with the oldest event that is kept; resumes after Last-Event-ID without gap or repeat, across restarts of the service too.")
            .Produces<VmEvent>(200, "text/event-stream").ProducesProblem(404).ProducesProblem(410).ProducesProblem(500);

    private static EventStream Events(
        [FromHeader(Name = "Last-Event-ID")] string? lastEventId, string? from, string[]? vm, string[]? type, EventService events, CancellationToken cancellation)
    {
        var reader = events.Read(lastEventId, from, vm ?? [], type ?? []);
        return new EventStream(reader.ReadAsync(cancellation), reader);
    }
}
