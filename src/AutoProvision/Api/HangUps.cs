using AutoProvision.Vms;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Diagnostics;

namespace AutoProvision.Api;

/// <summary>
/// Ends what its client does not wait for any more, and an answer that cannot be finished: one line of the log is enough for either. That a
/// client is gone is not a fault of the service.
/// </summary>
internal sealed partial class HangUps(ILogger<HangUps> logger)
{
    public async Task EndAsync(HttpContext http, RequestDelegate next)
    {
        try
        {
            await next(http);
        }
        catch (Exception e) when (IsHangUp(e, http))
        {
            LogHungUp(http.Request.Method, http.Request.Path, e.Message);
            // For the metrics; nobody reads an answer.
            if (!http.Response.HasStarted)
                http.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            if (http.Features.Get<IStatusCodePagesFeature>() is { } pages)
                pages.Enabled = false;
            http.Abort();
        }
        // It is too late for a problem document: that the answer has no end tells the client.
        catch (FailureException e) when (http.Response.HasStarted)
        {
            LogBrokenOff(http.Request.Method, http.Request.Path, e.Code, e.Failure.Cause);
            http.Abort();
        }
    }

    // A reader of the body sees the reset itself, maybe before the request counts as aborted.
    private static bool IsHangUp(Exception exception, HttpContext http)
    {
        for (var e = exception; e is not null; e = e.InnerException)
            if (e is ConnectionResetException || (e is OperationCanceledException or IOException && http.RequestAborted.IsCancellationRequested))
                return true;
        return false;
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Method} {Path}: the client hung up ({Detail})")]
    private partial void LogHungUp(string method, PathString path, string detail);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Method} {Path}: the answer broke off: {Code}: {Cause}")]
    private partial void LogBrokenOff(string method, PathString path, string code, string cause);
}
