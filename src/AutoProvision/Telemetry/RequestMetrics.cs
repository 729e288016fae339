using System.Globalization;
using Prometheus;

namespace AutoProvision.Telemetry;

/// <summary>
/// Counts requests by route, method and status, and how long they took; a stream until it ends. By hand, as prometheus-net's own looks for
/// the route when the exception handler has taken it off already, and makes a series of whatever word is sent as a method.
/// </summary>
internal sealed class RequestMetrics
{
    private static readonly HashSet<string> Methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    private readonly TimeProvider _time;
    private readonly Counter _received;
    private readonly Histogram _durations;
    private readonly Gauge _inProgress;

    public RequestMetrics(CollectorRegistry registry, TimeProvider time)
    {
        _time = time;
        var make = Metrics.WithCustomRegistry(registry);
        _received = make.CreateCounter("http_requests_received_total", "Requests that were answered.", "code", "method", "route");
        _durations = make.CreateHistogram("http_request_duration_seconds", "How long their answers took.", ["code", "method", "route"],
            new HistogramConfiguration { Buckets = [0.005, 0.025, 0.1, 0.5, 1, 5, 30, 60, 300, 600] });
        _inProgress = make.CreateGauge("http_requests_in_progress", "Requests that are being answered, open streams included.", "method", "route");
    }

    public async Task CountAsync(HttpContext http, RequestDelegate next)
    {
        var method = Methods.Contains(http.Request.Method) ? http.Request.Method : "other";
        // As the document has it: the pattern of a group's own route ends with a slash.
        var route = (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText is { } pattern ? $"/{pattern.Trim('/')}" : "";
        var started = _time.GetTimestamp();
        using var busy = _inProgress.WithLabels(method, route).TrackInProgress();
        try
        {
            await next(http);
        }
        finally
        {
            var code = http.Response.StatusCode.ToString(CultureInfo.InvariantCulture);
            _received.WithLabels(code, method, route).Inc();
            _durations.WithLabels(code, method, route).Observe(_time.GetElapsedTime(started).TotalSeconds);
        }
    }
}
