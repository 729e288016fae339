using System.Security.Cryptography;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;

namespace AutoProvision.Api.OpenApi;

/// <summary>
/// The document as it is served. It is the same for every client as long as the service runs, and to make it takes a tenth of a second
/// of a CPU: it is made when it is first asked for, and kept.
/// </summary>
internal sealed class ApiDocument([FromKeyedServices(ApiDocument.Version)] IOpenApiDocumentProvider documents)
{
    public const string Version = "v1";
    public const string Route = $"/openapi/{Version}.json";
    private readonly Lock _gate = new();
    private Task<(byte[] Text, EntityTagHeaderValue Tag)>? _made;

    /// <summary>Answers with the document, or with 304 where the client has it.</summary>
    public async Task<FileContentHttpResult> AnswerAsync(HttpResponse response, CancellationToken cancellation)
    {
        var (text, tag) = await Made().WaitAsync(cancellation);
        // A new version of the service may have another document: clients ask each time, and are seldom sent it.
        response.Headers.CacheControl = "no-cache";
        return TypedResults.Bytes(text, "application/json; charset=utf-8", entityTag: tag);
    }

    // Whoever asks first may leave: it is made for the others too. A failure is not kept.
    private Task<(byte[] Text, EntityTagHeaderValue Tag)> Made()
    {
        lock (_gate)
            return _made is null or { IsFaulted: true } ? _made = Task.Run(MakeAsync) : _made;
    }

    private async Task<(byte[] Text, EntityTagHeaderValue Tag)> MakeAsync()
    {
        using var text = new MemoryStream();
        var document = await documents.GetOpenApiDocumentAsync(CancellationToken.None);
        await document.SerializeAsJsonAsync(text, OpenApiSpecVersion.OpenApi3_1, CancellationToken.None);
        var bytes = text.ToArray();
        return (bytes, new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]}\""));
    }
}
