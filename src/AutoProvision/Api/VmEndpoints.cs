using AutoProvision.Vms;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace AutoProvision.Api;

public static class VmEndpoints
{
    public static void MapVms(this IEndpointRouteBuilder routes)
    {
        var vms = routes.MapGroup("/vms").WithTags("VMs").ProducesProblem(500);
        Makes(vms.MapPost("/", Create)).WithName("createVm").WithSummary("Make a VM")
            .WithDescription("Queues the job and answers at once; follow the events or read the VM until its state is ready, or let `Prefer: wait=N` hold the answer until then. With an Idempotency-Key the request can be sent again: for 24 hours the same key and body give the same VM.");
        Makes(vms.MapPost("/{id}/clone", Clone)).WithName("cloneVm").WithSummary("Make a copy of a VM")
            .WithDescription("Of a VM that is ready, degraded or stopped: its disks as they are now, but a name, keys, machine-id and addresses of its own. A VM that runs stands still while its disks are copied. Otherwise as `POST /vms`.").ProducesProblem(404);
        vms.MapGet("/", List).WithName("listVms").WithSummary("List the VMs, oldest first")
            .WithDescription("Where there are more than `limit`, the `Link` header (rel=\"next\") leads to the next page.").Produces(304);
        vms.MapGet("/{id}", Get).WithName("getVm").WithSummary("Read a VM")
            .WithDescription("With `wait` the answer is held until the VM is so, or cannot become so any more, or `timeoutSeconds` are over; its `state` tells.").Produces(304).ProducesProblem(404);
        vms.MapPatch("/{id}", Patch).WithName("updateVm").WithSummary("Change a VM's labels and expiry")
            .WithDescription("A JSON merge patch (RFC 7396): what is left out stays as it is, and null removes. `If-Match` keeps two from undoing each other's changes.")
            .ProducesProblem(404).ProducesProblem(409).ProducesProblem(412).ProducesProblem(408).ProducesProblem(413).ProducesProblem(415).ProducesProblem(507);
        vms.MapGet("/{id}/events", Events).WithName("watchVm").WithSummary("Follow a VM's events (Server-Sent Events)")
            .WithDescription("Replays the VM's events and follows; resumes after Last-Event-ID without gap or repeat, and ends after a deleted VM's last event; who comes back with that one's id gets 204. Of a VM with very many events only the newest are kept.")
            .Produces<VmEvent>(200, "text/event-stream").ProducesProblem(404).ProducesProblem(410);
        vms.MapPost("/{id}/exec", Exec).WithName("execInVm").WithSummary("Run a command in a VM")
            .WithDescription(ExecContracts.Description).AddOpenApiOperationTransformer(ExecContracts.DescribeStreamAsync)
            .ProducesProblem(404).ProducesProblem(409).ProducesProblem(408).ProducesProblem(413).ProducesProblem(415).ProducesProblem(422).ProducesProblem(429).ProducesProblem(502).ProducesProblem(503);
        vms.MapGet("/{id}/terminal", Terminal).WithName("openTerminal").WithSummary("A terminal in a VM (WebSocket)").WithDescription(TerminalSocket.Description)
            .Produces(101).ProducesProblem(403).ProducesProblem(404).ProducesProblem(409).ProducesProblem(429).ProducesProblem(502).ProducesProblem(503);
        vms.MapGet("/{id}/ssh", Ssh).WithName("getVmSsh").WithSummary("How to log in with plain ssh").ProducesProblem(404).ProducesProblem(409);
        vms.MapDelete("/{id}", Delete).WithName("deleteVm").WithSummary("Delete a VM and all that was made for it")
            .WithDescription("In every state. 202 while it is being torn down, 204 when it is gone.").ProducesProblem(404).ProducesProblem(507);
    }

    private static RouteHandlerBuilder Makes(RouteHandlerBuilder route) => route.WithMetadata(new PrefersWait())
        .ProducesProblem(409).ProducesProblem(408).ProducesProblem(413).ProducesProblem(415).ProducesProblem(422).ProducesProblem(429).ProducesProblem(503).ProducesProblem(507);

    private static async Task<Accepted<VmResource>> Create(
        Body<VmRequest> body, [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey, VmService vms, HttpContext http, CancellationToken cancellation) =>
        await AnswerAsync(await vms.CreateAsync(body.Value, body.Faults, idempotencyKey, cancellation), vms, http, cancellation);

    private static async Task<Accepted<VmResource>> Clone(
        string id, Body<CloneRequest> body, [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey, VmService vms, HttpContext http, CancellationToken cancellation) =>
        await AnswerAsync(await vms.CloneAsync(id, body.Value, body.Faults, idempotencyKey, cancellation), vms, http, cancellation);

    private static async Task<Accepted<VmResource>> AnswerAsync((Vm Vm, bool IsNew) made, VmService vms, HttpContext http, CancellationToken cancellation)
    {
        var vm = made.Vm;
        if (!made.IsNew)
            http.Response.Headers["Idempotent-Replayed"] = "true";
        if (Preferences.Wait(http.Request) is { } wait)
        {
            Preferences.Applied(http.Response, wait);
            vm = await vms.WaitAsync(vm.Id, VmWaits.IsSettled, wait, cancellation);
        }
        return TypedResults.Accepted($"/vms/{vm.Id}", Show(vm, vms));
    }

    private static Results<Ok<VmResource[]>, StatusCodeHttpResult> List(string[]? label, string[]? state, string? limit, string? cursor, VmService vms, HttpContext http)
    {
        var page = vms.List(VmQuery.Parse(label ?? [], state ?? [], limit, cursor));
        if (page.Next is not null)
            http.Response.Headers.Link = $"</vms{QueryString.Create(http.Request.Query.Where(it => !it.Key.Equals("cursor", StringComparison.OrdinalIgnoreCase))).Add("cursor", page.Next)}>; rel=\"next\"";
        return ETags.IsKnown(http, ETags.Of(page))
            ? TypedResults.StatusCode(StatusCodes.Status304NotModified)
            : TypedResults.Ok(page.Vms.Select(entry => VmResource.From(entry.Vm, entry.QueuePosition)).ToArray());
    }

    private static async Task<Results<Ok<VmResource>, StatusCodeHttpResult>> Get(string id, string? wait, string? timeoutSeconds, VmService vms, HttpContext http, CancellationToken cancellation)
    {
        var vm = vms.Get(id);
        if (VmWaits.Parse(wait, timeoutSeconds) is { } asked)
            vm = await vms.WaitAsync(vm.Id, asked.Until, asked.Limit, cancellation);
        return ETags.IsKnown(http, ETags.Of(vm, vms.QueuePosition(vm))) ? TypedResults.StatusCode(StatusCodes.Status304NotModified) : TypedResults.Ok(Show(vm, vms));
    }

    private static Ok<VmResource> Patch(string id, Body<VmPatch> body, VmService vms, HttpContext http)
    {
        var vm = vms.Patch(id, body.Value, body.Faults, it => ETags.IsExpected(http, it, vms.QueuePosition(it)));
        http.Response.GetTypedHeaders().ETag = ETags.Of(vm, vms.QueuePosition(vm));
        return TypedResults.Ok(Show(vm, vms));
    }

    private static VmResource Show(Vm vm, VmService vms) => VmResource.From(vm, vms.QueuePosition(vm));

    private static Results<EventStream, NoContent> Events(string id, [FromHeader(Name = "Last-Event-ID")] string? lastEventId, VmService vms, CancellationToken cancellation)
    {
        var after = ParseEventId(lastEventId);
        var events = vms.Watch(id, after, cancellation);
        // The one answer after which an EventSource does not come back: https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model
        return after is { } last && vms.HasEndedAt(id, last) ? TypedResults.NoContent() : new EventStream(events);
    }

    private static async Task<Results<ExecReport, ExecStream>> Exec(string id, Body<ExecBody> body, HttpRequest http, GuestService guests, CancellationToken cancellation)
    {
        if (ServerSentEvents.IsWanted(http))
            return new ExecStream(guests.StreamAsync(id, body.Value.ToRequest(body.Faults, isStream: true, guests.MostOutput), cancellation));
        return new ExecReport(await guests.ExecAsync(id, body.Value.ToRequest(body.Faults, isStream: false, guests.MostOutput), cancellation));
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

    private static long? ParseEventId(string? text) => text switch
    {
        null or "" => null,
        _ when WholeNumber.Parse(text) is { } id => id,
        _ => throw VmFailures.NoSuchEvent($"Last-Event-ID \"{text}\" is no event id."),
    };
}
