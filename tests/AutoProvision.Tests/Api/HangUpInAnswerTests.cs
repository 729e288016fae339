using AutoProvision.Fakes;

namespace AutoProvision.Api;

/// <summary>Clients that hang up within their answer, over a real server, and answers that break off: nothing in the log needs a look.</summary>
public sealed class HangUpInAnswerTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

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
    [MemberData(nameof(Answered))]
    public async Task In_the_middle_of_its_answer(string line, string fields)
    {
        await using var host = new FakeHost();
        await using var app = HangUp.Start(host);
        using var http = app.CreateClient();
        var vm = await http.ReadyVmAsync();
        host.Hypervisor.Consoles[Guid.Parse(vm["/vms/".Length..])] = "one\n";
        host.Guests.Files.Nodes["/tmp/large"] = new FakeNode { Mode = 0x81A4, Zeros = 1L << 30 };
        foreach (var isReset in new[] { true, false })
        {
            using var socket = await http.ConnectAsync();
            await HangUp.SendAsync(http, socket, line.Replace("{vm}", vm, StringComparison.Ordinal), fields.Contains("\r\n\r\n", StringComparison.Ordinal) ? fields : $"{fields}\r\n");
            Assert.True(await socket.ReceiveAsync(new byte[100], Cancellation) > 0);
            await HangUp.HangUpAsync(http, socket, isReset);
        }

        await HangUp.AssertQuietAsync(http, host, app);
    }

    /// <summary>A file and a directory whose VM goes while they are read.</summary>
    [Theory(Timeout = 60_000)]
    [InlineData("/tmp/large")]
    [InlineData("/tmp")]
    public async Task An_answer_that_cannot_be_finished_breaks_off_with_one_line_in_the_log(string path)
    {
        await using var host = new FakeHost();
        await using var app = HangUp.Start(host);
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
        await HangUp.UntilInProgressAsync(http, 0);
        http.Dispose();
        await app.DisposeAsync();
        Assert.Contains("broke off: ssh_", Assert.Single(host.Log.Troubles), StringComparison.Ordinal);
        Assert.DoesNotContain(host.Log.All, line => line.Contains("   at ", StringComparison.Ordinal));
    }
}
