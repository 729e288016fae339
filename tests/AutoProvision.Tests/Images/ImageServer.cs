using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AutoProvision.Images;

/// <summary>A real web server on this machine with one image and its list of checksums, which misbehaves as told.</summary>
internal sealed class ImageServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly CancellationTokenSource _closing = new();
    private int _cuts;

    private ImageServer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Map("/image.qcow2", SendImageAsync);
        _app.Map("/SUMS", context => context.Response.WriteAsync(Sums));
    }

    public byte[] Bytes { get; set; } = RandomNumberGenerator.GetBytes(1_000_000);

    public string? ETag { get; set; } = "\"one\"";

    public string Sums { get; set; } = "";

    public int Status { get; set; } = 200;

    public bool HonoursRanges { get; set; } = true;

    /// <summary>Gives the rest of whatever it has, though the client asked for the rest of another file.</summary>
    public bool OverlooksIfRange { get; set; }

    /// <summary>Breaks the connection after so many bytes of an answer's body, <see cref="Cuts"/> times.</summary>
    public int CutAfter { get; set; }

    public int Cuts { get => _cuts; set => _cuts = value; }

    /// <summary>The break waits for it.</summary>
    public Task CutWhen { get; set; } = Task.CompletedTask;

    /// <summary>Instead of breaking, gives nothing more until the client goes.</summary>
    public bool Stalls { get; set; }

    /// <summary>When set, an answer waits for it.</summary>
    public TaskCompletionSource? Gate { get; set; }

    /// <summary>Completes when a request has come.</summary>
    public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when a client has gone away before its answer.</summary>
    public TaskCompletionSource Abandoned { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Range and If-Range of each request for the image.</summary>
    public ConcurrentQueue<(string? Range, string? IfRange)> Requests { get; } = new();

    public string ImageUrl => _app.Urls.Single() + "/image.qcow2";

    public string SumsUrl => _app.Urls.Single() + "/SUMS";

    public string Sha256 => Convert.ToHexStringLower(SHA256.HashData(Bytes));

    public string Sha512 => Convert.ToHexStringLower(SHA512.HashData(Bytes));

    public static async Task<ImageServer> StartAsync()
    {
        var server = new ImageServer();
        await server._app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        Gate?.TrySetResult();
        await _app.DisposeAsync();
        _closing.Dispose();
    }

    private async Task SendImageAsync(HttpContext context)
    {
        Requests.Enqueue((context.Request.Headers.Range, context.Request.Headers.IfRange));
        Asked.TrySetResult();
        try
        {
            if (Gate is { } gate)
                await gate.Task.WaitAsync(context.RequestAborted);
            await AnswerAsync(context);
        }
        catch (OperationCanceledException)
        {
            Abandoned.TrySetResult();
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        context.Response.StatusCode = Status;
        if (Status != 200)
            return;
        var from = Start(context);
        context.Response.Headers.ETag = ETag;
        if (from > Bytes.Length - 1)
        {
            context.Response.StatusCode = 416;
            context.Response.Headers.ContentRange = $"bytes */{Bytes.Length}";
            return;
        }
        if (from > 0)
        {
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = $"bytes {from}-{Bytes.Length - 1}/{Bytes.Length}";
        }
        context.Response.ContentLength = Bytes.Length - from;
        await WriteAsync(context, Bytes.AsMemory(from));
    }

    private int Start(HttpContext context)
    {
        var range = context.Request.GetTypedHeaders().Range?.Ranges.Single().From;
        return range is { } from && HonoursRanges && (OverlooksIfRange || context.Request.Headers.IfRange == ETag) ? (int)from : 0;
    }

    private async Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> bytes)
    {
        if (CutAfter == 0 || bytes.Length <= CutAfter || Interlocked.Decrement(ref _cuts) < 0)
        {
            await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
            return;
        }
        await context.Response.Body.WriteAsync(bytes[..CutAfter], context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        if (Stalls)
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        // A break also loses what the client has not read yet: wait, so that tests know what it has.
        await CutWhen.WaitAsync(context.RequestAborted);
        context.Abort();
    }
}
