using System.Reflection;
using System.Text.Json;
using AutoProvision.Vms;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;

namespace AutoProvision.Api;

/// <summary>A JSON request body together with what is wrong with its shape.</summary>
public sealed record Body<T>(T Value, IReadOnlyList<Fault> Faults) : IBindableFromHttpContext<Body<T>>, IEndpointParameterMetadataProvider
    where T : class, new()
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    public static async ValueTask<Body<T>?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        // Where every field may be left out, so may the body.
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
            return new Body<T>(new T(), []);
        if (!context.Request.HasJsonContentType())
            throw new FailureException("content_type_unsupported", "The body is not declared as JSON.", "Send Content-Type: application/json.");
        var faults = new List<Fault>();
        try
        {
            using var document = await JsonDocument.ParseAsync(context.Request.Body, Strict, context.RequestAborted);
            var value = StrictJson.Read<T>(document.RootElement, faults);
            return new Body<T>(value ?? new T(), faults);
        }
        // Half of a surrogate pair in a member's name is an InvalidOperationException to the duplicate check.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return new Body<T>(new T(), [new Fault("", "json_malformed", $"The body is not valid JSON: {e.Message}", "Send one JSON object.")]);
        }
    }

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new AcceptsMetadata(["application/json"], typeof(T)));
}
