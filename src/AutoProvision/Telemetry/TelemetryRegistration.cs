using Prometheus;

namespace AutoProvision.Telemetry;

public static class TelemetryRegistration
{
    /// <summary>First among the hosted services, so that it misses nothing of what the others do.</summary>
    public static IServiceCollection AddTelemetry(this IServiceCollection services) => services
        // Not the process-wide one: several services of one process, as in tests, have their own figures.
        .AddSingleton(Metrics.NewCustomRegistry())
        .AddSingleton<ServiceMetrics>()
        .AddSingleton<RequestMetrics>()
        .AddHostedService<MetricsFeed>();

    /// <summary>The figures as text: OpenMetrics where the caller takes it, Prometheus's own format otherwise.</summary>
    public static async Task WriteAsync(HttpContext http, CollectorRegistry registry)
    {
        var isOpen = http.Request.GetTypedHeaders().Accept.Any(type => type.MediaType == OpenMetrics);
        http.Response.ContentType = isOpen ? $"{OpenMetrics}; version=1.0.0; charset=utf-8" : $"{Text}; version=0.0.4; charset=utf-8";
        await registry.CollectAndExportAsTextAsync(http.Response.Body, isOpen ? ExpositionFormat.OpenMetricsText : ExpositionFormat.PrometheusText, http.RequestAborted);
    }

    public const string OpenMetrics = "application/openmetrics-text";
    public const string Text = "text/plain";
}
