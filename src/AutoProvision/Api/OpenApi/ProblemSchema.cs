using AutoProvision.Inputs;
using AutoProvision.Vms;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace AutoProvision.Api.OpenApi;

/// <summary>The members that <see cref="Problems"/> adds to a problem document.</summary>
internal static class ProblemSchema
{
    public const string Name = "ProblemDetails";

    public static async Task ApplyAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellation)
    {
        if (document.Components?.Schemas?[Name] is not OpenApiSchema problem)
            return;
        document.AddComponent(nameof(Fault), await context.GetOrCreateSchemaAsync(typeof(Fault), null, cancellation));
        problem.Description = "A refusal or failure (RFC 9457).";
        problem.Required = new HashSet<string> { "type", "title", "status", "detail", "code", "hint" };
        problem.Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["type"] = Text("`urn:autoprovision:problem:` and the code."),
            ["title"] = Text("Name of the HTTP status."),
            ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int32", Description = "HTTP status." },
            ["detail"] = Text("What happened, in words."),
            ["code"] = new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Description = "Stable machine-readable name, snake_case; docs/troubleshooting.md explains each. New ones may come.",
                Examples = ["invalid_request", "vm_not_found", "name_taken", "vm_not_ready", "queue_full", "hypervisor_unavailable", "internal_error"],
            },
            ["hint"] = Text("What to do about it."),
            ["errors"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Array,
                Description = $"With the code invalid_request: every fault of the request, {InputLimits.MostErrors} at most.",
                MaxItems = InputLimits.MostErrors,
                Items = new OpenApiSchemaReference(nameof(Fault), document),
            },
            ["errorsOmitted"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int32", Description = "How many more faults the request has than errors tells; absent where it tells all." },
            ["step"] = Text("The pipeline step it happened in, where there was one."),
            ["evidence"] = Text("A tool's own words, where it had any."),
            ["traceId"] = Text("Finds the request in the log."),
        };
    }

    private static OpenApiSchema Text(string description) => new() { Type = JsonSchemaType.String, Description = description };
}
