using System.ComponentModel;
using AutoProvision.Hypervisors;
using AutoProvision.Images;
using AutoProvision.Telemetry;
using AutoProvision.Vms;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AutoProvision.Api;

public static class HostEndpoints
{
    public static void MapHost(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/images", Images).WithTags("Host").WithName("listImages").WithSummary("The image catalogue and what of it is here").ProducesProblem(500);
        routes.MapGet("/host", Host).WithTags("Host").WithName("getHost").WithSummary("The host's preflight")
            .WithDescription("KVM or emulation and why, libvirt, network, pool, tools, free memory and disk, and everything that would keep a VM from being made.").ProducesProblem(500);
        routes.MapGet("/host/orphans", Orphans).WithTags("Host").WithName("listOrphans").WithSummary("What the service made and no longer knows")
            .WithDescription("Domains with this service's mark, and files in its directories, that belong to no VM. Nothing of it is removed by itself.").ProducesProblem(500).ProducesProblem(503);
        routes.MapDelete("/host/orphans/{id}", RemoveOrphan).WithTags("Host").WithName("removeOrphan").WithSummary("Remove an orphan for good")
            .WithDescription("Its domain, disk, seed, console log and keys. Never a VM, nor a domain that this service did not make.").ProducesProblem(404).ProducesProblem(500).ProducesProblem(503);
    }

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz", Healthy).WithTags("Health").WithName("isAlive").WithSummary("Whether the process answers");
        routes.MapGet("/readyz", Ready).WithTags("Health").WithName("isReady").WithSummary("Whether a VM could be made now, and what is missing if not")
            .Produces<HealthAnswer>(StatusCodes.Status503ServiceUnavailable).ProducesProblem(500);
        routes.MapGet("/metrics", TelemetryRegistration.WriteAsync).WithTags("Health").WithName("readMetrics").WithSummary("The service's figures for Prometheus")
            .Produces<string>(200, TelemetryRegistration.OpenMetrics, TelemetryRegistration.Text).ProducesProblem(500);
    }

    private static Ok<IReadOnlyList<ImageStatus>> Images(ImageStore images) => TypedResults.Ok(images.List());

    private static async Task<Ok<HostReport>> Host(IHypervisor hypervisor, CancellationToken cancellation) =>
        TypedResults.Ok(await hypervisor.InspectAsync(cancellation));

    private static async Task<Ok<OrphanResource[]>> Orphans(VmService vms, CancellationToken cancellation) =>
        TypedResults.Ok((await vms.ListOrphansAsync(cancellation)).Select(OrphanResource.From).ToArray());

    private static async Task<NoContent> RemoveOrphan([Description("The orphan's id, as `GET /host/orphans` shows it.")] string id, VmService vms, CancellationToken cancellation)
    {
        await vms.RemoveOrphanAsync(id, cancellation);
        return TypedResults.NoContent();
    }

    private static Ok<HealthAnswer> Healthy() => TypedResults.Ok(new HealthAnswer("ok", []));

    private static async Task<Results<Ok<HealthAnswer>, JsonHttpResult<HealthAnswer>>> Ready(IHypervisor hypervisor, VmService vms, CancellationToken cancellation)
    {
        var problems = (await hypervisor.InspectAsync(cancellation)).Problems;
        if (problems.Count == 0 && await vms.FindObstacleAsync(cancellation) is { } obstacle)
            problems = [obstacle];
        return problems.Count == 0
            ? TypedResults.Ok(new HealthAnswer("ok", []))
            : TypedResults.Json(new HealthAnswer("unready", problems), statusCode: StatusCodes.Status503ServiceUnavailable);
    }
}

/// <param name="Status">ok or unready.</param>
/// <param name="Problems">What is wrong and what to do about it.</param>
public sealed record HealthAnswer(string Status, IReadOnlyList<Failure> Problems);
