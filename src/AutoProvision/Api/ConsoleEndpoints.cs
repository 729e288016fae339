using AutoProvision.Vms;

namespace AutoProvision.Api;

public static class ConsoleEndpoints
{
    public static void MapConsole(this IEndpointRouteBuilder routes) => routes.MapGet("/vms/{id}/console", Read).WithTags("VMs")
        .WithName("readConsole").WithSummary("Read a VM's serial console, or follow it (Server-Sent Events)")
        .WithDescription("The log's last lines as text; with Accept: text/event-stream also every new line as it comes, until the VM is deleted.")
        .Produces<string>(200, "text/plain", ServerSentEvents.ContentType).ProducesProblem(404).ProducesProblem(500);

    private static async Task<IResult> Read(string id, string? tail, string? raw, HttpRequest request, GuestConsole console, CancellationToken cancellation) =>
        ServerSentEvents.IsWanted(request)
            ? new ConsoleStream(await console.FollowAsync(id, tail, raw, cancellation))
            : TypedResults.Bytes(await console.ReadAsync(id, tail, raw, cancellation), "text/plain; charset=utf-8");
}
