using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace AutoProvision.Api;

/// <summary>A client that is gone before it is answered.</summary>
public sealed class HungUpTests
{
    [Fact]
    public async Task A_refusal_that_nobody_reads_any_more_is_not_an_error()
    {
        var http = new DefaultHttpContext { RequestAborted = new CancellationToken(canceled: true) };
        http.Response.Body = new MemoryStream();
        var problem = new ProblemDetails { Status = 404, Extensions = { ["code"] = "vm_not_found" } };

        await new ProblemWriter(Options.Create(new JsonOptions())).WriteAsync(new ProblemDetailsContext { HttpContext = http, ProblemDetails = problem });
    }
}
