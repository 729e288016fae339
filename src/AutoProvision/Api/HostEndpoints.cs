using AutoProvision.Hypervisors;
using AutoProvision.Images;
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
        routes.MapGet("/healthz", Healthy).WithTags("Health").WithName("isAlive").WithSummary("Whether the process answers");
        routes.MapGet("/readyz", Ready).WithTags("Health").WithName("isReady").WithSummary("Whether a VM could be made now, and what is missing if not")
            .Produces<HealthAnswer>(StatusCodes.Status503ServiceUnavailable).ProducesProblem(500);
    }

    private static Ok<IReadOnlyList<ImageStatus>> Images(ImageStore images) => TypedResults.Ok(images.List());

    private static async Task<Ok<HostReport>> Host(IHypervisor hypervisor, CancellationToken cancellation) =>
        TypedResults.Ok(await hypervisor.InspectAsync(cancellation));

    private static Ok<HealthAnswer> Healthy() => TypedResults.Ok(new HealthAnswer("ok", []));

    private static async Task<Results<Ok<HealthAnswer>, JsonHttpResult<HealthAnswer>>> Ready(IHypervisor hypervisor, CancellationToken cancellation)
    {
        var report = await hypervisor.InspectAsync(cancellation);
        return report.Problems.Count == 0
            ? TypedResults.Ok(new HealthAnswer("ok", []))
            : TypedResults.Json(new HealthAnswer("unready", report.Problems), statusCode: StatusCodes.Status503ServiceUnavailable);
    }
}

/// <param name="Status">ok or unready.</param>
/// <param name="Problems">What is wrong and what to do about it.</param>
public sealed record HealthAnswer(string Status, IReadOnlyList<Failure> Problems);
