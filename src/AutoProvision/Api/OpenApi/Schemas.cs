using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace AutoProvision.Api.OpenApi;

/// <summary>Corrects what the generator gets wrong about our JSON.</summary>
internal static class Schemas
{
    public static Task Apply(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellation)
    {
        var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
        if (type.IsEnum)
            schema.Type = JsonSchemaType.String;
        // A null is never written, so what may be null may be absent.
        if (schema.Required is { } required && schema.Properties is { } properties)
            required.ExceptWith(properties.Where(property => MayBeNull(property.Value)).Select(property => property.Key));
        return Task.CompletedTask;
    }

    private static bool MayBeNull(IOpenApiSchema schema) =>
        schema.Type?.HasFlag(JsonSchemaType.Null) == true || schema.OneOf?.Any(one => one.Type == JsonSchemaType.Null) == true;
}
