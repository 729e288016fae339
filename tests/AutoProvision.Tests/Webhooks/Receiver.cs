using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AutoProvision.Webhooks;

/// <summary>A real web server on this machine that takes webhooks, or does not, as told.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly WebApplication _app;
    private readonly Channel<Delivery> _attempts = Channel.CreateUnbounded<Delivery>();
    private readonly ConcurrentQueue<Delivery> _all = new();

    private Receiver(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        _app = builder.Build();
        _app.MapPost("/hook", TakeAsync);
        _app.MapPost("/elsewhere", () => Elsewhere = true);
    }

    /// <summary>What it answers to the next attempts; 200 when nothing is left.</summary>
    public ConcurrentQueue<Func<HttpContext, Task>> Answers { get; } = new();

    /// <summary>Every attempt, in the order of their arrival.</summary>
    public IReadOnlyList<Delivery> All => [.. _all];

    /// <summary>Whether somebody followed a redirect.</summary>
    public bool Elsewhere { get; private set; }

    public int Port => new Uri(_app.Urls.Single()).Port;

    public string Url => $"http://127.0.0.1:{Port}/hook?token=hidden";

    public static async Task<Receiver> StartAsync(int port = 0)
    {
        var receiver = new Receiver(port);
        await receiver._app.StartAsync(TestContext.Current.CancellationToken);
        return receiver;
    }

    public static Func<HttpContext, Task> Status(int status, string? header = null, string? value = null) => http =>
    {
        http.Response.StatusCode = status;
        if (header is not null)
            http.Response.Headers[header] = value;
        return Task.CompletedTask;
    };

    /// <summary>Gives no answer until the client goes.</summary>
    public static Task Hang(HttpContext http) => Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);

    public static Task Break(HttpContext http)
    {
        http.Abort();
        return Task.CompletedTask;
    }

    /// <summary>The next attempt, in the order of their arrival.</summary>
    public async Task<Delivery> NextAsync() => await _attempts.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Limit, TestContext.Current.CancellationToken);

    /// <summary>Takes attempts up to one that satisfies.</summary>
    public async Task<List<Delivery>> UntilAsync(Func<Delivery, bool> last)
    {
        List<Delivery> taken = [];
        do
            taken.Add(await NextAsync());
        while (!last(taken[^1]));
        return taken;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var delivery = new Delivery(http.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase), body.ToArray());
        _all.Enqueue(delivery);
        _attempts.Writer.TryWrite(delivery);
        if (Answers.TryDequeue(out var answer))
            await answer(http);
    }
}

/// <summary>One attempt, as it arrived.</summary>
internal sealed record Delivery(IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public JsonElement Event { get; } = JsonElement.Parse(Body);

    public long Position => Event.GetProperty("position").GetInt64();

    public string Id => Headers["webhook-id"];
}
