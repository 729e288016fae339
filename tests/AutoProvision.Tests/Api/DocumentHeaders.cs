using System.Text.Json;

namespace AutoProvision.Api;

/// <summary>Holds the headers of answers against those that the OpenAPI document gives for them: every one of ours is described, none that is always there is missing.</summary>
internal sealed class DocumentHeaders(JsonElement document)
{
    // Of HTTP itself, and what caches and proxies are told of a stream, a file or a refusal.
    private static readonly HashSet<string> Common = ["Content-Type", "Content-Length", "Transfer-Encoding", "Date", "Cache-Control", "Pragma", "Expires", "X-Accel-Buffering"];

    public void Check(HttpResponseMessage response, string operation)
    {
        var status = ((int)response.StatusCode).ToString();
        var answer = DocumentOperations.Operations(document).Single(entry => entry.Name == operation).Operation.GetProperty("responses").GetProperty(status);
        var described = answer.TryGetProperty("headers", out var headers) ? headers.EnumerateObject().ToList() : [];
        var sent = response.Headers.Concat(response.Content.Headers).Select(header => header.Key).Except(Common).ToList();

        Assert.All(sent, name => Assert.True(described.Any(header => header.Name == name), $"{operation} answers {status} with {name}, which is not described."));
        Assert.All(described.Where(header => header.Value.TryGetProperty("required", out var always) && always.GetBoolean()),
            header => Assert.True(sent.Contains(header.Name), $"{operation} answers {status} without {header.Name}."));
    }
}
