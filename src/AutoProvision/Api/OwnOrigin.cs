using AutoProvision.Vms;
using Microsoft.AspNetCore.Mvc;

namespace AutoProvision.Api;

/// <summary>
/// Refuses what the page of another host has a browser send. A browser names the page's origin (https://fetch.spec.whatwg.org/#origin-header),
/// but sends a POST without a body to anybody, and asks nobody before it opens a WebSocket.
/// </summary>
internal static class OwnOrigin
{
    /// <summary>Of requests that change something; of others a page of another host cannot read the answer.</summary>
    public static RouteGroupBuilder RefuseForeignPages(this RouteGroupBuilder routes)
    {
        ((IEndpointConventionBuilder)routes).Add(endpoint =>
        {
            if (endpoint.Metadata.OfType<HttpMethodMetadata>().Any(it => !it.HttpMethods.All(IsSafe)))
                endpoint.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status403Forbidden, typeof(ProblemDetails), ["application/problem+json"]));
        });
        return routes.AddEndpointFilter((call, next) =>
        {
            if (!IsSafe(call.HttpContext.Request.Method))
                Check(call.HttpContext.Request);
            return next(call);
        });
    }

    /// <exception cref="FailureException"><c>origin_not_allowed</c>.</exception>
    public static void Check(HttpRequest request)
    {
        if (request.Headers.Origin is [{ } origin, ..] && !IsOwn(origin, request))
            throw new FailureException("origin_not_allowed", $"A page from {origin} may not use this service.",
                "Use it from a page of the service's own host; a proxy has to pass Host on as the browser sent it.");
    }

    private static bool IsSafe(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method);

    // A browser sends no cookie or key that would tell a stranger's page from ours.
    private static bool IsOwn(string origin, HttpRequest request) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var page) && Uri.TryCreate($"{page.Scheme}://{request.Host}", UriKind.Absolute, out var own)
        && page.Authority.Equals(own.Authority, StringComparison.OrdinalIgnoreCase);
}
