using System.Diagnostics;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;

namespace AutoProvision.Api;

/// <summary>
/// Writes problem documents whatever the client accepts. The framework's own writer declines a client that takes only
/// <c>text/event-stream</c>, such as a browser's EventSource, which would then get a bare status.
/// </summary>
internal sealed class ProblemWriter(IOptions<JsonOptions> json) : IProblemDetailsWriter
{
    public bool CanWrite(ProblemDetailsContext context) => true;

    public async ValueTask WriteAsync(ProblemDetailsContext context)
    {
        var (http, problem) = (context.HttpContext, context.ProblemDetails);
        problem.Status ??= http.Response.StatusCode;
        problem.Title ??= ReasonPhrases.GetReasonPhrase(problem.Status.Value);
        Problems.Complete(problem, http);
        problem.Extensions["traceId"] = Activity.Current?.Id ?? http.TraceIdentifier;
        // Without a token: with one of its own it would throw where the client is gone.
        await http.Response.WriteAsJsonAsync(problem, json.Value.SerializerOptions, "application/problem+json");
    }
}
