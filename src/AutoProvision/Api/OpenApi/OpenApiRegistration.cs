namespace AutoProvision.Api.OpenApi;

public static class OpenApiRegistration
{
    /// <summary>The document at <c>/openapi/v1.json</c>; what the endpoints cannot say of themselves is added here.</summary>
    public static IServiceCollection AddApiDocument(this IServiceCollection services) => services.AddSingleton<ApiDocument>().AddOpenApi(ApiDocument.Version, options =>
    {
        options.AddDocumentTransformer(DocumentInfo.Apply);
        options.AddSchemaTransformer(Schemas.Apply);
        options.AddOperationTransformer(Operations.Apply);
        // After the operations, whose examples say "problem" too.
        options.AddDocumentTransformer(ProblemSchema.ApplyAsync);
        options.AddDocumentTransformer(WebhookDocument.ApplyAsync);
        options.AddDocumentTransformer(Streams.ApplyAsync);
    });
}
