using AutoProvision.Fakes;

namespace AutoProvision.Api;

/// <summary>Clients that hang up before they have an answer, over a real server: nothing in the log needs a look.</summary>
public sealed class HangUpBeforeAnswerTests
{
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

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Unanswered))]
    public async Task Before_its_answer(string line, string fields, string body)
    {
        await using var host = new FakeHost();
        await using var app = HangUp.Start(host);
        using var http = app.CreateClient();
        var vm = await http.ReadyVmAsync();
        foreach (var isReset in new[] { true, false })
        {
            using var socket = await http.ConnectAsync();
            await HangUp.SendAsync(http, socket, line.Replace("{vm}", vm, StringComparison.Ordinal), $"{fields}\r\n{body}");
            await HangUp.HangUpAsync(http, socket, isReset);
        }

        await HangUp.AssertQuietAsync(http, host, app);
    }
}
