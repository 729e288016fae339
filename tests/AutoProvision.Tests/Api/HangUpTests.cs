using System.Net.Sockets;
using AutoProvision.Fakes;
using AutoProvision.Ssh;

namespace AutoProvision.Api;

/// <summary>Clients that hang up, over a real server: nothing in the log needs a look.</summary>
public sealed class HangUpTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Request line, further fields and what is sent of the body; each before the answer has begun.</summary>
    public static TheoryData<string, string, string> Unanswered => new()
    {
        { "POST /vms", "Content-Type: application/json\r\nContent-Length: 1000\r\n", "{" },
        { "POST /vms", "Content-Type: application/yaml\r\nTransfer-Encoding: chunked\r\n", "5\r\nname:\r\n" },
        { "PUT {vm}/files?path=/tmp/new", "Content-Length: 1000000\r\n", "some" },
        { "PUT {vm}/files?path=/tmp/new", "Transfer-Encoding: chunked\r\n", "4\r\nsome\r\n" },
        { "PUT {vm}/files?path=/tmp/new", "Content-Type: application/x-tar\r\nContent-Length: 1000000\r\n", "some" },
        { "POST {vm}/exec", "Content-Type: application/json\r\nContent-Length: 22\r\n", "{\"shell\": \"sleep 300\"}" },
        { "POST {vm}/exec", "Content-Type: application/json\r\nContent-Length: 200\r\n", "{\"shell\": \"sleep 300\"" },
        { "GET {vm}?wait=deleted", "", "" },
        { "POST {vm}/stop", "Prefer: wait=600\r\nContent-Type: application/json\r\nContent-Length: 100\r\n", "{" },
    };

    /// <summary>Request line and fields; some of the answer is read.</summary>
    public static TheoryData<string, string> Answered => new()
    {
        { "GET /events", "" },
        { "GET {vm}/events", "" },
        { "GET {vm}/console", "Accept: text/event-stream\r\n" },
        { "GET {vm}/files?path=/tmp/large", "" },
        { "GET {vm}/files?path=/tmp", "" },
        { "GET {vm}/terminal", "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" },
        { "POST {vm}/exec", "Accept: text/event-stream\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"shell\": \"yes\"}" },
        { "POST {vm}/exec", "Content-Type: application/json\r\nContent-Length: 45\r\n\r\n{\"shell\": \"much\", \"maxOutputBytes\": 33554432}" },
    };

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Unanswered))]
    public async Task Before_its_answer(string line, string fields, string body)
    {
        await using var host = new FakeHost();
        await using var app = Start(host);
        using var http = app.CreateClient();
        var vm = await http.ReadyVmAsync();
        foreach (var isReset in new[] { true, false })
        {
            using var socket = await http.ConnectAsync();
            await SendAsync(http, socket, line.Replace("{vm}", vm, StringComparison.Ordinal), $"{fields}\r\n{body}");
            await HangUpAsync(http, socket, isReset);
        }

        await AssertQuietAsync(http, host, app);
    }

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Answered))]
    public async Task In_the_middle_of_its_answer(string line, string fields)
    {
        await using var host = new FakeHost();
        await using var app = Start(host);
        using var http = app.CreateClient();
        var vm = await http.ReadyVmAsync();
        host.Hypervisor.Consoles[Guid.Parse(vm["/vms/".Length..])] = "one\n";
        host.Guests.Files.Nodes["/tmp/large"] = new FakeNode { Mode = 0x81A4, Zeros = 1L << 30 };
        foreach (var isReset in new[] { true, false })
        {
            using var socket = await http.ConnectAsync();
            await SendAsync(http, socket, line.Replace("{vm}", vm, StringComparison.Ordinal), fields.Contains("\r\n\r\n", StringComparison.Ordinal) ? fields : $"{fields}\r\n");
            Assert.True(await socket.ReceiveAsync(new byte[100], Cancellation) > 0);
            await HangUpAsync(http, socket, isReset);
        }

        await AssertQuietAsync(http, host, app);
    }

    /// <summary>A file and a directory whose VM goes while they are read.</summary>
    [Theory(Timeout = 60_000)]
    [InlineData("/tmp/large")]
    [InlineData("/tmp")]
    public async Task An_answer_that_cannot_be_finished_breaks_off_with_one_line_in_the_log(string path)
    {
        await using var host = new FakeHost();
        await using var app = Start(host);
        using var http = app.CreateClient();
        var vm = await http.ReadyVmAsync();
        host.Guests.Files.Nodes["/tmp/large"] = new FakeNode { Mode = 0x81A4, Zeros = 1L << 40 };
        using var answer = await http.GetAsync(new Uri($"{vm}/files?path={path}", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Cancellation);
        await using var body = await answer.Content.ReadAsStreamAsync(Cancellation);
        var buffer = new byte[64 * 1024];
        Assert.True(await body.ReadAsync(buffer, Cancellation) > 0);

        await http.DeleteVmAsync(vm);

        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            while (await body.ReadAsync(buffer, Cancellation) > 0)
            {
            }
        });
        await UntilInProgressAsync(http, 0);
        http.Dispose();
        await app.DisposeAsync();
        Assert.Contains("broke off: ssh_", Assert.Single(host.Log.Troubles), StringComparison.Ordinal);
        Assert.DoesNotContain(host.Log.All, line => line.Contains("   at ", StringComparison.Ordinal));
    }

    private static AutoProvisionApp Start(FakeHost host)
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

    private static Task SendAsync(HttpClient http, Socket socket, string line, string rest) => socket.SendTextAsync($"{line} HTTP/1.1\r\nHost: {http.BaseAddress!.Authority}\r\n{rest}");

    private static async Task HangUpAsync(HttpClient http, Socket socket, bool isReset)
    {
        await UntilInProgressAsync(http, 1);
        if (isReset)
            socket.Reset();
        else
            socket.Dispose();
        await UntilInProgressAsync(http, 0);
    }

    // The one that asks aside.
    private static async Task UntilInProgressAsync(HttpClient http, int count)
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
    private static async Task AssertQuietAsync(HttpClient http, FakeHost host, AutoProvisionApp app)
    {
        http.Dispose();
        await app.DisposeAsync();
        Assert.Empty(host.Log.Troubles);
        Assert.DoesNotContain(host.Log.All, line => line.Contains("   at ", StringComparison.Ordinal));
    }
}
