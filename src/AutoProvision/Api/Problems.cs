using System.Diagnostics;
using AutoProvision.Hypervisors;
using AutoProvision.Ssh;
using AutoProvision.Vms;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace AutoProvision.Api;

/// <summary>The only place where an exception becomes an answer: problem details (RFC 9457) with code, hint and, for bad input, every fault.</summary>
public sealed partial class Problems(IProblemDetailsService writer, ILogger<Problems> logger) : IExceptionHandler
{
    private const string DocumentHint = "The OpenAPI document at /openapi/v1.json shows what is taken.";

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        var problem = Note(exception, httpContext);
        httpContext.Response.StatusCode = problem.Status!.Value;
        // What passes by itself. Not service_stopping: the command that was ended may have been done.
        if (exception is FailureException { Code: "queue_full" or "exec_memory_exhausted" or "memory_insufficient" or HypervisorFailures.Unavailable })
            httpContext.Response.Headers.RetryAfter = "10";
        return await writer.TryWriteAsync(new ProblemDetailsContext { HttpContext = httpContext, ProblemDetails = problem });
    }

    /// <summary>What goes into a stream that has begun: the document that the failure would have been answered with.</summary>
    public ProblemDetails Tell(Exception exception, HttpContext http)
    {
        var problem = Note(exception, http);
        problem.Title = ReasonPhrases.GetReasonPhrase(problem.Status!.Value);
        problem.Extensions["traceId"] = Activity.Current?.Id ?? http.TraceIdentifier;
        return problem;
    }

    private ProblemDetails Note(Exception exception, HttpContext http)
    {
        var problem = Describe(exception);
        if (problem.Status >= 500)
            // A failure tells its whole story by itself; anything else is a defect, and its stack is wanted.
            LogFailed(exception is FailureException ? null : exception, http.Request.Method, http.Request.Path, exception.Message);
        return problem;
    }

    /// <summary>Gives code and hint to what the framework itself refuses: a foreign host, an unknown route, method or content type.</summary>
    public static void Complete(ProblemDetails problem, HttpContext http)
    {
        if (problem.Extensions.ContainsKey("code"))
            return;
        var (code, detail) = problem.Status switch
        {
            // Nothing else refuses a request before its route is looked for.
            StatusCodes.Status400BadRequest when http.GetEndpoint() is null => ("host_not_allowed", $"The service does not answer for the host \"{http.Request.Host}\"."),
            StatusCodes.Status404NotFound => ("route_unknown", "There is nothing at this address."),
            StatusCodes.Status405MethodNotAllowed => ("method_not_allowed", "This address does not take this method."),
            StatusCodes.Status415UnsupportedMediaType => ("content_type_unsupported", $"The body is not declared as JSON or YAML: {BodyTypes.Hint}"),
            _ => ("bad_request", problem.Title ?? "The request was refused."),
        };
        problem.Detail ??= detail;
        Name(problem, code, code == "host_not_allowed" ? "The setting AllowedHosts names the hosts it answers for." : DocumentHint);
    }

    private static void Name(ProblemDetails problem, string code, string hint)
    {
        problem.Type = $"urn:autoprovision:problem:{code}";
        problem.Extensions["code"] = code;
        problem.Extensions["hint"] = hint;
    }

    private static ProblemDetails Describe(Exception exception) => exception switch
    {
        InvalidRequestException e => Problem(StatusCodes.Status400BadRequest, "invalid_request", e.Message, "Each entry of errors names a value by its JSON pointer and says what would be right.", ("errors", e.Faults), ("errorsOmitted", e.Omitted > 0 ? e.Omitted : null)),
        FailureException e => Problem(StatusOf(e.Code), e.Code, e.Failure.Cause, e.Failure.Hint, ("step", e.Failure.Step), ("evidence", e.Failure.Evidence)),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => Problem(StatusCodes.Status413PayloadTooLarge, "body_too_large",
            $"The body is larger than {ApiRegistration.MaxBodySize / 1024 / 1024} MiB.", "Send large files with PUT /vms/{id}/files once the VM is ready, or let the guest fetch them itself."),
        // What Kestrel throws for a chunk whose size is over 2^31 (Http1ChunkedEncodingMessageBody.CalculateChunkSize).
        IOException { InnerException: OverflowException } e => Problem(StatusCodes.Status400BadRequest, "bad_request", e.Message, DocumentHint),
        BadHttpRequestException e => Problem(e.StatusCode, "bad_request", e.Message, DocumentHint),
        _ => Problem(StatusCodes.Status500InternalServerError, "internal_error", "Something went wrong inside the service.", "The service's log has the details."),
    };

    private static ProblemDetails Problem(int status, string code, string detail, string hint, params (string Name, object? Value)[] more)
    {
        var problem = new ProblemDetails { Status = status, Detail = detail };
        Name(problem, code, hint);
        foreach (var (name, value) in more.Where(entry => entry.Value is not null))
            problem.Extensions[name] = value;
        return problem;
    }

    /// <summary>What a failure with this code is answered with.</summary>
    internal static int StatusOf(string code) => code switch
    {
        "vm_not_found" or "orphan_not_found" or "snapshot_not_found" => StatusCodes.Status404NotFound,
        "name_taken" or "vm_not_ready" or "vm_busy" or "vm_state_conflict" or "snapshot_exists" or "snapshot_limit" or "address_taken" => StatusCodes.Status409Conflict,
        "event_id_expired" => StatusCodes.Status410Gone,
        "precondition_failed" => StatusCodes.Status412PreconditionFailed,
        "tar_invalid" => StatusCodes.Status400BadRequest,
        "file_permission_denied" => StatusCodes.Status403Forbidden,
        "file_not_found" or "directory_missing" or "console_missing" => StatusCodes.Status404NotFound,
        "file_is_directory" or "not_a_directory" or "directory_not_empty" or "file_not_regular" => StatusCodes.Status409Conflict,
        "guest_disk_full" => StatusCodes.Status507InsufficientStorage,
        "websocket_wanted" or "request_target_invalid" => StatusCodes.Status400BadRequest,
        "origin_not_allowed" => StatusCodes.Status403Forbidden,
        "command_too_long" => StatusCodes.Status400BadRequest,
        "exec_user_refused" or "exec_cwd_unusable" => StatusCodes.Status422UnprocessableEntity,
        "ssh_sessions_exhausted" or "exec_memory_exhausted" => StatusCodes.Status429TooManyRequests,
        "content_type_unsupported" => StatusCodes.Status415UnsupportedMediaType,
        "idempotency_key_reused" => StatusCodes.Status422UnprocessableEntity,
        "queue_full" => StatusCodes.Status429TooManyRequests,
        "journal_full" or "disk_full" or "disk_insufficient" => StatusCodes.Status507InsufficientStorage,
        "service_stopping" or "memory_insufficient" or "hypervisor_unavailable" or "hypervisor_garbled" or "tool_missing" or "tool_timeout" => StatusCodes.Status503ServiceUnavailable,
        SshFailures.WentDown => StatusCodes.Status502BadGateway,
        _ when code.StartsWith("ssh_", StringComparison.Ordinal) => StatusCodes.Status502BadGateway,
        _ => StatusCodes.Status500InternalServerError,
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Method} {Path} failed: {Detail}")]
    private partial void LogFailed(Exception? e, string method, PathString path, string? detail);
}
