using AutoProvision.Vms;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AutoProvision.Api;

/// <summary>Power, sizes and snapshots of VMs that were made.</summary>
public static class OperationEndpoints
{
    private const string HowItAnswers = " Answers at once with the VM, whose `operation` is this one until it is done; `Prefer: wait=N` holds the answer until then, for N seconds at most. Where there is nothing to do, the VM has no `operation`.";

    public static void MapOperations(this IEndpointRouteBuilder routes)
    {
        var vms = routes.MapGroup("/vms/{id}").WithTags("Operations").ProducesProblem(404).ProducesProblem(500);
        Begins(vms.MapPost("/start", Start), "startVm", "Start a stopped VM", "Ready again when SSH lets its user in." + HowItAnswers).ProducesProblem(503);
        Begins(vms.MapPost("/stop", Stop), "stopVm", "Stop a VM", "Its guest is asked to switch itself off, and after a grace it is switched off." + HowItAnswers).ProducesProblem(408).ProducesProblem(413).ProducesProblem(415);
        Begins(vms.MapPost("/restart", Restart), "restartVm", "Stop a VM and start it again", "A stopped one is started." + HowItAnswers).ProducesProblem(408).ProducesProblem(413).ProducesProblem(415).ProducesProblem(503);
        Begins(vms.MapPost("/resize", Resize), "resizeVm", "Change a VM's CPUs, memory and disk", "A VM that runs is restarted for it; its guest grows the root file system as it boots. A disk cannot shrink." + HowItAnswers)
            .ProducesProblem(408).ProducesProblem(413).ProducesProblem(415).ProducesProblem(503);
        MapSnapshots(vms);
    }

    private static void MapSnapshots(RouteGroupBuilder vms)
    {
        vms.MapGet("/snapshots", Snapshots).WithName("listSnapshots").WithSummary("List a VM's snapshots, oldest first");
        vms.MapGet("/snapshots/{name}", Snapshot).WithName("getSnapshot").WithSummary("Read a snapshot");
        Begins(vms.MapPost("/snapshots", CreateSnapshot), "createSnapshot", "Take a snapshot", "Of the disks, and of the memory of a VM that runs, which stands still meanwhile." + HowItAnswers)
            .ProducesProblem(408).ProducesProblem(413).ProducesProblem(415);
        Begins(vms.MapPost("/snapshots/{name}/restore", Restore), "restoreSnapshot", "Bring a snapshot back", "Disks, sizes and power are as they were then; a VM that ran runs on from that moment. What came after is lost; the snapshot stays." + HowItAnswers)
            .ProducesProblem(503);
        Begins(vms.MapDelete("/snapshots/{name}", DeleteSnapshot), "deleteSnapshot", "Delete a snapshot", "The VM stays as it is." + HowItAnswers);
    }

    private static RouteHandlerBuilder Begins(RouteHandlerBuilder route, string name, string summary, string description) =>
        route.WithName(name).WithSummary(summary).WithDescription(description).WithMetadata(new PrefersWait()).ProducesProblem(409).ProducesProblem(507);

    private static async Task<Accepted<VmResource>> Start(string id, OperationService operations, OperationAnswer answer, CancellationToken cancellation) =>
        await answer.GiveAsync(await operations.StartAsync(id, cancellation), cancellation);

    private static async Task<Accepted<VmResource>> Stop(string id, Body<StopRequest> body, OperationService operations, OperationAnswer answer, CancellationToken cancellation) =>
        await answer.GiveAsync(await operations.StopAsync(id, body.Value.Checked(body.Faults), cancellation), cancellation);

    private static async Task<Accepted<VmResource>> Restart(string id, Body<StopRequest> body, OperationService operations, OperationAnswer answer, CancellationToken cancellation) =>
        await answer.GiveAsync(await operations.RestartAsync(id, body.Value.Checked(body.Faults), cancellation), cancellation);

    private static async Task<Accepted<VmResource>> Resize(string id, Body<ResizeRequest> body, OperationService operations, OperationAnswer answer, CancellationToken cancellation) =>
        await answer.GiveAsync(await operations.ResizeAsync(id, body.Value, body.Faults, cancellation), cancellation);

    private static Ok<IReadOnlyList<VmSnapshot>> Snapshots(string id, VmService vms) => TypedResults.Ok(vms.Get(id).Snapshots);

    private static Ok<VmSnapshot> Snapshot(string id, string name, OperationService operations) => TypedResults.Ok(operations.GetSnapshot(id, name));

    private static async Task<Accepted<VmResource>> CreateSnapshot(string id, Body<SnapshotRequest> body, OperationService operations, OperationAnswer answer, CancellationToken cancellation)
    {
        var vm = await operations.CreateSnapshotAsync(id, body.Value, body.Faults, cancellation);
        return await answer.GiveAsync(vm, cancellation, $"/vms/{vm.Id}/snapshots/{vm.Operation!.Snapshot}");
    }

    private static async Task<Accepted<VmResource>> Restore(string id, string name, OperationService operations, OperationAnswer answer, CancellationToken cancellation) =>
        await answer.GiveAsync(await operations.RestoreAsync(id, name, cancellation), cancellation);

    private static async Task<Accepted<VmResource>> DeleteSnapshot(string id, string name, OperationService operations, OperationAnswer answer, CancellationToken cancellation) =>
        await answer.GiveAsync(operations.DeleteSnapshot(id, name), cancellation);
}

/// <summary>Marks an operation that heeds <c>Prefer: wait=N</c>, for the OpenAPI document.</summary>
public sealed class PrefersWait;
