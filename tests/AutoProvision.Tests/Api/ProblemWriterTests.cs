using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace AutoProvision.Api;

/// <summary>What writes the problem documents, where the client is gone already.</summary>
public sealed class ProblemWriterTests
{
    [Fact]
    public async Task A_refusal_that_nobody_reads_any_more_is_not_an_error()
    {
        var http = new DefaultHttpContext { RequestAborted = new CancellationToken(canceled: true) };
        http.Response.Body = new MemoryStream();
        var problem = new ProblemDetails { Status = 404, Extensions = { ["code"] = "vm_not_found" } };

        await new ProblemWriter(Options.Create(new Microsoft.AspNetCore.Http.Json.JsonOptions())).WriteAsync(new ProblemDetailsContext { HttpContext = http, ProblemDetails = problem });
    }
}
