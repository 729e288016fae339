using System.Reflection;
using System.Text;
using System.Text.Json;
using AutoProvision.Inputs;
using AutoProvision.Vms;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;

namespace AutoProvision.Api;

/// <summary>A JSON or YAML request body together with what is wrong with its shape.</summary>
public sealed record Body<T>(T Value, IReadOnlyList<Fault> Faults) : IBindableFromHttpContext<Body<T>>, IEndpointParameterMetadataProvider
    where T : class, new()
{
    private const int ReadSize = 16 * 1024;
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static async ValueTask<Body<T>?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        // Where every field may be left out, so may the body.
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
            return new Body<T>(new T(), []);
        if (context.Request.HasYamlContentType())
            return await ReadYamlAsync(context);
        if (context.Request.HasJsonContentType())
            return await ReadJsonAsync(context);
        throw new FailureException("content_type_unsupported", "The body is not declared as JSON or YAML.", BodyTypes.Hint);
    }

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new AcceptsMetadata(BodyTypes.All, typeof(T)));

    private static async Task<Body<T>> ReadJsonAsync(HttpContext context)
    {
        try
        {
            using var document = BoundedJson.Parse(await ReadAsync(context), InputBudget.OfBody(context.RequestAborted));
            return Read(document);
        }
        // Half of a surrogate pair in a member's name is an InvalidOperationException to the duplicate check.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Unusable("json_malformed", $"The body is not valid JSON: {e.Message}", "Send one JSON object.");
        }
        catch (InputLimitException e)
        {
            return Unusable(e.Code, e.Message, e.Hint);
        }
    }

    private static async Task<Body<T>> ReadYamlAsync(HttpContext context)
    {
        try
        {
            var yaml = Utf8.GetString((await ReadAsync(context)).Span);
            using var document = JsonDocument.Parse(YamlToJson.Convert(yaml, InputBudget.OfBody(context.RequestAborted)));
            return Read(document);
        }
        catch (Exception e) when (e is FormatException or DecoderFallbackException)
        {
            return Unusable("yaml_malformed", $"The body is not usable YAML: {e.Message}", "Send one YAML mapping, in UTF-8.");
        }
        catch (InputLimitException e)
        {
            return Unusable(e.Code, e.Message, e.Hint);
        }
    }

    // The limit is kept here and not by the server, which would hang up on a client that is still sending: its answer would be lost.
    // As it is, the server takes the rest of the body for a while once the client has been answered.
    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContext context)
    {
        if (context.Request.ContentLength > ApiRegistration.MaxBodySize)
            throw TooLarge();
        using var bytes = new MemoryStream();
        var buffer = new byte[ReadSize];
        while (await context.Request.Body.ReadAsync(buffer, context.RequestAborted) is > 0 and var count)
        {
            if (bytes.Length + count > ApiRegistration.MaxBodySize)
                throw TooLarge();
            bytes.Write(buffer, 0, count);
        }
        var body = bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
        return body.Span.StartsWith(Encoding.UTF8.Preamble) ? body[Encoding.UTF8.Preamble.Length..] : body;
    }

    private static BadHttpRequestException TooLarge() => new("The body is too large.", StatusCodes.Status413PayloadTooLarge);

    private static Body<T> Read(JsonDocument document)
    {
        var faults = new FaultTally();
        var value = StrictJson.Read<T>(document.RootElement, faults);
        return new Body<T>(value ?? new T(), faults);
    }

    private static Body<T> Unusable(string code, string detail, string hint) => new(new T(), [new Fault("", code, detail, hint)]);
}
