using AutoProvision.Vms;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace AutoProvision.Api;

public static class VmEndpoints
{
    public static void MapVms(this IEndpointRouteBuilder routes)
    {
        var vms = routes.MapGroup("/vms").WithTags("VMs").ProducesProblem(500);
        vms.MapPost("/", Create).WithName("createVm").WithSummary("Make a VM")
            .WithDescription("Queues the job and answers at once; follow the events or read the VM until its state is ready. With an Idempotency-Key the request can be sent again: for 24 hours the same key and body give the same VM.")
            .ProducesProblem(400).ProducesProblem(409).ProducesProblem(413).ProducesProblem(415).ProducesProblem(422).ProducesProblem(429).ProducesProblem(503).ProducesProblem(507);
        vms.MapGet("/", List).WithName("listVms").WithSummary("List the VMs, oldest first");
        vms.MapGet("/{id}", Get).WithName("getVm").WithSummary("Read a VM").ProducesProblem(404);
        vms.MapGet("/{id}/events", Events).WithName("watchVm").WithSummary("Follow a VM's events (Server-Sent Events)")
            .WithDescription("Replays the VM's events and follows; resumes after Last-Event-ID without gap or repeat, and ends after a deleted VM's last event.")
            .Produces<VmEvent>(200, "text/event-stream").ProducesProblem(400).ProducesProblem(404);
        vms.MapPost("/{id}/exec", Exec).WithName("execInVm").WithSummary("Run a command in a VM")
            .WithDescription(ExecContracts.Description).AddOpenApiOperationTransformer(ExecContracts.DescribeStreamAsync)
            .ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).ProducesProblem(413).ProducesProblem(415).ProducesProblem(422).ProducesProblem(429).ProducesProblem(502).ProducesProblem(503);
        vms.MapGet("/{id}/terminal", Terminal).WithName("openTerminal").WithSummary("A terminal in a VM (WebSocket)").WithDescription(TerminalSocket.Description)
            .Produces(101).ProducesProblem(400).ProducesProblem(403).ProducesProblem(404).ProducesProblem(409).ProducesProblem(429).ProducesProblem(502).ProducesProblem(503);
        vms.MapGet("/{id}/ssh", Ssh).WithName("getVmSsh").WithSummary("How to log in with plain ssh").ProducesProblem(404).ProducesProblem(409);
        vms.MapDelete("/{id}", Delete).WithName("deleteVm").WithSummary("Delete a VM and all that was made for it")
            .WithDescription("In every state. 202 while it is being torn down, 204 when it is gone.").ProducesProblem(404).ProducesProblem(507);
    }

    private static async Task<Accepted<VmResource>> Create(
        Body<VmRequest> body, [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey, VmService vms, HttpResponse response, CancellationToken cancellation)
    {
        var (vm, isNew) = await vms.CreateAsync(body.Value, body.Faults, idempotencyKey, cancellation);
        if (!isNew)
            response.Headers["Idempotent-Replayed"] = "true";
        return TypedResults.Accepted($"/vms/{vm.Id}", Show(vm, vms));
    }

    private static Ok<VmResource[]> List(VmService vms) => TypedResults.Ok(vms.ListWithPositions().Select(entry => VmResource.From(entry.Vm, entry.QueuePosition)).ToArray());

    private static Ok<VmResource> Get(string id, VmService vms) => TypedResults.Ok(Show(vms.Get(id), vms));

    private static VmResource Show(Vm vm, VmService vms) => VmResource.From(vm, vms.QueuePosition(vm));

    private static EventStream Events(string id, [FromHeader(Name = "Last-Event-ID")] string? lastEventId, VmService vms, CancellationToken cancellation) =>
        new(vms.Watch(id, ParseEventId(lastEventId), cancellation));

    private static async Task<Results<Ok<ExecAnswer>, ExecStream>> Exec(string id, Body<ExecBody> body, HttpRequest http, GuestService guests, CancellationToken cancellation)
    {
        if (ExecStream.IsWanted(http))
            return new ExecStream(guests.StreamAsync(id, body.Value.ToRequest(body.Faults, isStream: true), cancellation));
        return TypedResults.Ok(ExecAnswer.From(await guests.ExecAsync(id, body.Value.ToRequest(body.Faults, isStream: false), cancellation)));
    }

    private static TerminalSocket Terminal(string id, string? cols, string? rows, string? term, GuestService guests)
    {
        var (size, type) = TerminalContracts.Read(cols, rows, term);
        return new TerminalSocket(cancellation => guests.OpenTerminalAsync(id, type, size, cancellation));
    }

    private static Ok<SshAccess> Ssh(string id, GuestService guests) => TypedResults.Ok(guests.GetSshAccess(id));

    private static Results<Accepted<VmResource>, NoContent> Delete(string id, VmService vms)
    {
        var vm = vms.Delete(id);
        return vm.State == VmState.Deleted ? TypedResults.NoContent() : TypedResults.Accepted($"/vms/{vm.Id}", Show(vm, vms));
    }

    private static long ParseEventId(string? text) => text switch
    {
        null or "" => 0,
        _ when long.TryParse(text, out var id) && id >= 0 => id,
        _ => throw VmFailures.NoSuchEvent($"Last-Event-ID \"{text}\" is no event id."),
    };
}
