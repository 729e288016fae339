using System.Net.Sockets;
using AutoProvision.Fakes;
using AutoProvision.Ssh;

namespace AutoProvision.Api;

/// <summary>What the tests of clients that hang up share: a real server, its count of requests, and its log once it has stopped.</summary>
internal static class HangUp
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static AutoProvisionApp Start(FakeHost host)
    {
        host.Guests.Streams["sleep 300"] = async (_, _, cancellation) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
            throw new OperationCanceledException(cancellation);
        };
        host.Guests.Streams["yes"] = async (_, sink, cancellation) =>
        {
            sink.Started(1);
            await using var ending = cancellation.Register(sink.Hurry);
            while (!cancellation.IsCancellationRequested)
            {
                sink.Stdout("yes\n"u8);
                await Task.Yield();
            }
            throw new OperationCanceledException(cancellation);
        };
        host.Guests.Streams["much"] = (_, sink, _) =>
        {
            sink.Stdout(new byte[32 * 1024 * 1024]);
            return Task.FromResult(new ExecEnd(0, null, TimeSpan.Zero, TimedOut: false));
        };
        var app = new AutoProvisionApp(host, []);
        app.UseKestrel();
        return app;
    }

    public static Task SendAsync(HttpClient http, Socket socket, string line, string rest) => socket.SendTextAsync($"{line} HTTP/1.1\r\nHost: {http.BaseAddress!.Authority}\r\n{rest}");

    public static async Task HangUpAsync(HttpClient http, Socket socket, bool isReset)
    {
        await UntilInProgressAsync(http, 1);
        if (isReset)
            socket.Reset();
        else
            socket.Dispose();
        await UntilInProgressAsync(http, 0);
    }

    // The one that asks aside.
    public static async Task UntilInProgressAsync(HttpClient http, int count)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (await CountAsync(http) != count)
            await timer.WaitForNextTickAsync(Cancellation);
    }

    private static async Task<int> CountAsync(HttpClient http) =>
        (await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Cancellation)).Split('\n')
            .Where(line => line.StartsWith("http_requests_in_progress{", StringComparison.Ordinal) && !line.Contains("\"/metrics\"", StringComparison.Ordinal))
            .Sum(line => int.Parse(line.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture));

    // A server that has stopped has said all; one that still has a connection takes a second or two to stop.
    public static async Task AssertQuietAsync(HttpClient http, FakeHost host, AutoProvisionApp app)
    {
        http.Dispose();
        await app.DisposeAsync();
        Assert.Empty(host.Log.Troubles);
        Assert.DoesNotContain(host.Log.All, line => line.Contains("   at ", StringComparison.Ordinal));
    }
}
