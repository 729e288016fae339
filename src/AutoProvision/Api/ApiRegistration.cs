using System.Text.Json.Serialization;
using AutoProvision.Api.OpenApi;
using AutoProvision.Inputs;
using AutoProvision.Telemetry;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace AutoProvision.Api;

public static class ApiRegistration
{
    /// <summary>Largest request body, in bytes.</summary>
    public const int MaxBodySize = InputLimits.MostBodyBytes;

    public static IServiceCollection AddApi(this IServiceCollection services)
    {
        // Before the framework's own writer, which asks the client first.
        services.AddSingleton<IProblemDetailsWriter, ProblemWriter>();
        services.AddProblemDetails();
        services.AddExceptionHandler<Problems>();
        services.AddSingleton<Problems>();
        services.AddSingleton<HangUps>();
        // Outside of the framework's host filter, which is there already, so that its refusals get their document too.
        services.Insert(0, ServiceDescriptor.Transient<IStartupFilter, RequestTargets>());
        services.Insert(0, ServiceDescriptor.Transient<IStartupFilter, StatusCodeProblems>());
        services.Configure<HostFilteringOptions>(hosts => hosts.IncludeFailureMessage = false);
        services.AddApiDocument();
        services.AddKeepAlive();
        // What reads a body bounds it itself.
        services.Configure<KestrelServerOptions>(server => server.Limits.MaxRequestBodySize = null);
        services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            options.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
            options.SerializerOptions.Converters.Add(new JsonStringEnumConverter(System.Text.Json.JsonNamingPolicy.CamelCase));
        });
        return services;
    }

    public static void MapApi(this WebApplication app)
    {
        app.Use(app.Services.GetRequiredService<RequestMetrics>().CountAsync);
        app.UseExceptionHandler();
        // Inside of the handler, which would log a stack trace.
        app.Use(app.Services.GetRequiredService<HangUps>().EndAsync);
        // A reader that is gone without a word is noticed after half a minute.
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.FromSeconds(15), KeepAliveTimeout = TimeSpan.FromSeconds(30) });
        app.MapGet(ApiDocument.Route, (ApiDocument document, HttpResponse response, CancellationToken cancellation) => document.AnswerAsync(response, cancellation)).ExcludeFromDescription();
        app.UseSwaggerUI(ui => ui.SwaggerEndpoint(ApiDocument.Route, "AutoProvision v1"));
        app.MapGet("/", () => TypedResults.Redirect("/swagger")).ExcludeFromDescription();
        // Pages and the document are left to their browsers, which add what they like.
        var api = app.MapGroup("").RefuseForeignPages().RefuseUnknownParameters().ProducesProblem(400);
        api.MapVms();
        api.MapOperations();
        api.MapFiles();
        api.MapConsole();
        api.MapEvents();
        api.MapWebhooks();
        api.MapHost();
        // Nor is a probe to fail over what its prober adds.
        app.MapHealth();
    }
}
