using System.Text.Json.Nodes;
using AutoProvision.Vms;
using AutoProvision.Webhooks;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace AutoProvision.Api.OpenApi;

/// <summary>What the service sends to others (the document's <c>webhooks</c>, new in OpenAPI 3.1).</summary>
internal static class WebhookDocument
{
    private const string Words =
        """
        Sent to every endpoint of the settings' section `Webhooks`, signed after Standard Webhooks 1.0.0: `webhook-signature` is
        `v1,` and the base64 of HMAC-SHA256 over `webhook-id.webhook-timestamp.body`. At least once, in the order of `position`.
        """;

    public static async Task ApplyAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellation)
    {
        var media = new OpenApiMediaType
        {
            Schema = await context.GetOrCreateSchemaAsync(typeof(VmEvent), null, cancellation),
            Example = JsonNode.Parse(OperationExamples.Event),
        };
        if (document.Components?.Schemas?.ContainsKey(nameof(VmEvent)) == true)
            media.Schema = new OpenApiSchemaReference(nameof(VmEvent), document);
        var operation = new OpenApiOperation
        {
            OperationId = "sendEvent",
            Summary = "Something happened to a VM",
            Description = Words,
            Tags = new HashSet<OpenApiTagReference> { new("Events", document) },
            Parameters =
            [
                Header(WebhookSignature.Id, "The same at each attempt, and no other event's: by it a repeat is known.", "evt_0199c1a27d3e7b1a9f530c2d6a1e8b47_9"),
                Header(WebhookSignature.Timestamp, "When the attempt was made, in seconds since 1970.", "1795341631"),
                Header(WebhookSignature.Signature, "The signature.", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
            ],
            RequestBody = new OpenApiRequestBody { Required = true, Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = media } },
            Responses = new OpenApiResponses
            {
                ["2XX"] = new OpenApiResponse { Description = "The endpoint has it. Anything else, redirects too, is tried again." },
                ["410"] = new OpenApiResponse { Description = "The endpoint wants nothing more until the service starts the next time." },
            },
        };
        document.Webhooks = new Dictionary<string, IOpenApiPathItem>
        {
            ["event"] = new OpenApiPathItem { Operations = new Dictionary<HttpMethod, OpenApiOperation> { [HttpMethod.Post] = operation } },
        };
    }

    private static OpenApiParameter Header(string name, string words, string example) => new()
    {
        Name = name,
        In = ParameterLocation.Header,
        Required = true,
        Description = words,
        Example = example,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };
}
