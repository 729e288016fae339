using System.Text.Json;
using AutoProvision.Vms;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace AutoProvision.Api.OpenApi;

/// <summary>Corrects what the generator gets wrong about our JSON, and closes what is closed.</summary>
internal static class Schemas
{
    public static Task Apply(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellation)
    {
        var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
        if (type.IsEnum)
        {
            schema.Type = JsonSchemaType.String;
            // A member that may be null puts a null among the words of the schema that it shares with all others.
            schema.Enum = schema.Enum?.Where(word => word?.GetValueKind() == JsonValueKind.String).ToList();
        }
        if (type == typeof(string))
            schema.Enum = ClosedValues.Of(context.JsonPropertyInfo) ?? schema.Enum;
        if (type == typeof(LabelPatch))
            schema.AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.String | JsonSchemaType.Null };
        Bound(schema, context);
        // A null is never written, and all else always is: what may be null may be absent, and nothing else. Of requests every member may be.
        // Asked of the type: a reference to another schema does not tell.
        if (schema.Properties is { } members)
            schema.Required = context.JsonTypeInfo.Properties.Where(property => !property.IsGetNullable && members.ContainsKey(property.Name)).Select(property => property.Name).ToHashSet();
        return Task.CompletedTask;
    }

    // What StrictJson refuses before it reads it.
    private static void Bound(OpenApiSchema schema, OpenApiSchemaTransformerContext context)
    {
        if (context.JsonPropertyInfo is not { } member || StrictJson.Most(member) is not { } most)
            return;
        if (schema.Type?.HasFlag(JsonSchemaType.Array) == true)
            schema.MaxItems = most;
        else if (schema.Type?.HasFlag(JsonSchemaType.Object) == true)
            schema.MaxProperties = most;
        else
            schema.MaxLength = most;
    }
}
