using System.Net;
using AutoProvision.Fakes;
using AutoProvision.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AutoProvision.Api;

/// <summary>Which of a handler's parameters come from the query, for every way that the framework binds them.</summary>
public sealed class KnownParametersTests
{
    [Fact(Timeout = 30_000)]
    public async Task Those_that_the_framework_reads_from_the_query_are_known()
    {
        await using var app = Build();
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var http = app.GetTestClient();

        using var refused = await http.GetAsync(new Uri("/things/1?id=1&mark=1&clock=1", UriKind.Relative), TestContext.Current.CancellationToken);
        using var taken = await http.GetAsync(new Uri("/things/1?text=a&number=1&many=1&many=2&other=b&inner=c&since=2026-01-01&when=1", UriKind.Relative), TestContext.Current.CancellationToken);

        var faults = (await refused.ReadProblemAsync(HttpStatusCode.BadRequest)).GetProperty("errors").EnumerateArray().ToList();
        Assert.Equal(["/clock", "/id", "/mark"], faults.Select(fault => fault.Text("pointer")).Order(StringComparer.Ordinal));
        Assert.Equal("Known parameters: text, number, many, other, inner, Since, When.", faults[0].Text("hint"));
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
    }

    private static WebApplication Build()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseTestServer();
        builder.Services.AddSingleton(TimeProvider.System).AddSingleton(Prometheus.Metrics.NewCustomRegistry()).AddSingleton<RequestMetrics>().AddApi();
        var app = builder.Build();
        app.UseExceptionHandler();
        app.MapGroup("").RefuseUnknownParameters().MapGet("/things/{id}", Handle);
        return app;
    }

    private static string Handle(
        int id, string? text, int? number, string[]? many, [FromQuery(Name = "other")] string? renamed, [AsParameters] Inner inner, [FromHeader] string? mark, TimeProvider clock, HttpContext http) => "";

    private readonly record struct Inner([FromQuery(Name = "inner")] string? Text, DateTimeOffset? Since, [FromHeader(Name = "mark")] string? Mark, int[]? When);
}
