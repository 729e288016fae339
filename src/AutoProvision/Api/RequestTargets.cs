using AutoProvision.Telemetry;
using AutoProvision.Vms;
using Microsoft.AspNetCore.Http.Features;

namespace AutoProvision.Api;

/// <summary>Refuses a target that could stand for another route than it seems to; in front of routing, and of everything that serves files.</summary>
internal sealed class RequestTargets(Problems problems, RequestMetrics metrics) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use((http, rest) => RequestTarget.FindFault(RawTarget(http)) is { } fault
            // Seen before its route is known, so it is counted here.
            ? metrics.CountAsync(http, it => RefuseAsync(it, fault))
            : rest(http));
        next(app);
    };

    private async Task RefuseAsync(HttpContext http, string fault) => await problems.TryHandleAsync(http, new FailureException(
        "request_target_invalid", $"The address cannot be used: {fault}.",
        "An id or a name in a path has no slash, backslash or control character, and is not \".\" or \"..\"; percent-encode other characters as UTF-8. A guest's path is a query parameter: ?path=/etc/motd."), http.RequestAborted);

    // As it was sent: Request.Path is decoded, and its dot segments are gone. The test server's WebSockets have only that path.
    private static string RawTarget(HttpContext http) => http.Features.Get<IHttpRequestFeature>()?.RawTarget is { Length: > 0 } raw ? raw : http.Request.Path.ToUriComponent();
}
