using System.IO.Pipelines;
using System.Reflection;
using System.Text.Json;
using AutoProvision.Ssh;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;

namespace AutoProvision.Api;

/// <summary>
/// Writes an <see cref="ExecAnswer"/> piece by piece: as one object its output would be in memory four times, as bytes, as text, escaped
/// and as JSON.
/// </summary>
public sealed class ExecReport(ExecCapture output) : IResult, IEndpointMetadataProvider
{
    // About as much as Kestrel takes before it waits for the reader.
    private const int Enough = 32 * 1024;

    // The writer asks for three bytes a character in one piece: so it gets them from the server's own blocks of 4 KiB.
    private const int Segment = 1024;

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(ExecAnswer), ["application/json"]));

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using var held = output;
        SlowPeers.HurryReader(httpContext);
        httpContext.Response.ContentType = "application/json; charset=utf-8";
        var options = httpContext.RequestServices.GetRequiredService<IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions>>().Value.SerializerOptions;
        await using var json = new Utf8JsonWriter(httpContext.Response.BodyWriter, new JsonWriterOptions { Encoder = options.Encoder });
        await WriteAsync(json, httpContext.Response.BodyWriter, httpContext.RequestAborted);
    }

    private async Task WriteAsync(Utf8JsonWriter json, PipeWriter body, CancellationToken cancellation)
    {
        json.WriteStartObject();
        if (output.End.ExitCode is { } code)
            json.WriteNumber("exitCode", code);
        if (output.End.Signal is { } signal)
            json.WriteString("signal", signal);
        await WriteTextAsync("stdout", output.Stdout, json, body, cancellation);
        await WriteTextAsync("stderr", output.Stderr, json, body, cancellation);
        await WriteBytesAsync("stdoutBase64", output.Stdout, json, body, cancellation);
        await WriteBytesAsync("stderrBase64", output.Stderr, json, body, cancellation);
        json.WriteNumber("durationMs", (long)output.End.Duration.TotalMilliseconds);
        json.WriteBoolean("timedOut", output.End.TimedOut);
        if (output.End.MayStillRun)
            json.WriteBoolean("mayStillRun", true);
        json.WriteBoolean("truncated", output.Truncated);
        if (output.Truncated)
            json.WriteString("truncatedBy", output.IsOutOfMemory ? "memory" : "maxOutputBytes");
        json.WriteEndObject();
        await SendAsync(json, body, cancellation);
    }

    private static async Task WriteTextAsync(string name, CappedOutput stream, Utf8JsonWriter json, PipeWriter body, CancellationToken cancellation)
    {
        json.WritePropertyName(name);
        foreach (var piece in stream.Texts())
        {
            for (var rest = piece; !rest.IsEmpty; rest = rest[Math.Min(rest.Length, Segment)..])
                json.WriteStringValueSegment(rest.Span[..Math.Min(rest.Length, Segment)], isFinalSegment: false);
            if (json.BytesPending > Enough)
                await SendAsync(json, body, cancellation);
        }
        json.WriteStringValueSegment(ReadOnlySpan<char>.Empty, isFinalSegment: true);
    }

    private static async Task WriteBytesAsync(string name, CappedOutput stream, Utf8JsonWriter json, PipeWriter body, CancellationToken cancellation)
    {
        if (stream.IsText)
            return;
        json.WritePropertyName(name);
        foreach (var piece in stream.Pieces())
        {
            json.WriteBase64StringSegment(piece.Span, isFinalSegment: false);
            if (json.BytesPending > Enough)
                await SendAsync(json, body, cancellation);
        }
        json.WriteBase64StringSegment([], isFinalSegment: true);
    }

    private static async Task SendAsync(Utf8JsonWriter json, PipeWriter body, CancellationToken cancellation)
    {
        await json.FlushAsync(cancellation);
        await body.FlushAsync(cancellation);
    }
}
