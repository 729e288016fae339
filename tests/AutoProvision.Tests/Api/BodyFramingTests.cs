using AutoProvision.Fakes;
using AutoProvision.Vms;

namespace AutoProvision.Api;

/// <summary>Bodies whose framing is wrong, over a real server: the client's fault, and not a defect of the service.</summary>
public sealed class BodyFramingTests
{
    private const string Chunked = "Transfer-Encoding: chunked\r\n";

    /// <summary>Fields, and what comes behind them.</summary>
    private static readonly (string Fields, string Body)[] Wrong =
    [
        (Chunked, "FFFFFFFFF\r\n{}"),
        (Chunked, "80000000\r\n{}"),
        (Chunked, "7FFFFFFFFFFFFFFFFFFFFFFFF\r\n{}"),
        (Chunked, "2\r\n{}\r\nFFFFFFFFFFFFFFFFF\r\n"),
        (Chunked, "-1\r\n{}"),
        (Chunked, "+2\r\n{}\r\n0\r\n\r\n"),
        (Chunked, "0x2\r\n{}\r\n0\r\n\r\n"),
        (Chunked, "\r\n\r\n"),
        (Chunked, "rubbish\r\n\r\n"),
        (Chunked, "2\r\n{}rubbish"),
        (Chunked, "2\n{}\n0\n\n"),
        (Chunked, "2\r\n{}\r\n0\r\nno field\r\n\r\n"),
        ("Content-Length: -1\r\n", "{}"),
        ("Content-Length: 2x\r\n", "{}"),
        ("Content-Length: 99999999999999999999\r\n", "{}"),
        ("Content-Length: 2\r\nContent-Length: 3\r\n", "{}"),
        ("Content-Length: 2, 3\r\n", "{}"),
        ("Transfer-Encoding: gzip\r\n", "{}"),
        ("Transfer-Encoding: chunked, gzip\r\n", "{}"),
    ];

    /// <summary>The same of bodies that end too early. To Kestrel a client that has ended its side is gone: there may be no answer.</summary>
    private static readonly (string Fields, string Body)[] Cut =
    [
        (Chunked, "2\r\n{}\r\n0\r\na: b\r\n"),
        (Chunked, "a\r\n{}"),
        (Chunked, "2\r\n{}\r\n"),
        (Chunked, ""),
        ("Content-Length: 10\r\n", "{}"),
    ];

    [Theory(Timeout = 120_000)]
    [InlineData("POST", "/vms", "application/json")]
    [InlineData("POST", "/vms", "application/yaml")]
    [InlineData("PATCH", "{vm}", "application/json")]
    [InlineData("POST", "{vm}/clone", "application/yaml")]
    [InlineData("POST", "{vm}/resize", "application/json")]
    [InlineData("POST", "{vm}/snapshots", "application/json")]
    [InlineData("POST", "{vm}/exec", "application/json")]
    [InlineData("PUT", "{vm}/files?path=/tmp/new", "application/octet-stream")]
    [InlineData("PUT", "{vm}/files?path=/tmp", "application/x-tar")]
    public async Task A_body_that_cannot_be_read_is_refused_and_nothing_is_done(string method, string path, string type)
    {
        await using var host = new FakeHost();
        await using var app = new AutoProvisionApp(host, []);
        app.UseKestrel();
        using var http = app.CreateClient();
        var vm = await http.ReadyVmAsync();
        var before = (await http.GetJsonAsync("/vms")).GetRawText();

        var unlike = new List<string>();
        foreach (var (fields, body) in Wrong.Concat(Cut))
        {
            var isCut = Cut.Contains((fields, body));
            var answer = await SendAsync(http, $"{method} {path.Replace("{vm}", vm, StringComparison.Ordinal)}", $"Content-Type: {type}\r\n{fields}", body, isCut);
            // What Kestrel itself refuses has no body.
            if (!(answer.Status is 400 or 411 or 413 or 501 || (isCut && answer.Status == 0)) || answer.Code is not (null or "bad_request" or "body_too_large" or "invalid_request" or "tar_invalid"))
                unlike.Add($"{fields}{body}: {answer.Status} {answer.Body}");
        }

        Assert.Empty(unlike);
        Assert.Equal(before, (await http.GetJsonAsync("/vms")).GetRawText());
        Assert.DoesNotContain("/tmp/new", host.Guests.Files.Nodes.Keys);
        await app.DisposeAsync();
        Assert.Empty(host.Log.Troubles);
        Assert.DoesNotContain(host.Log.All, line => line.Contains("   at ", StringComparison.Ordinal));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("GET /healthz")]
    [InlineData("DELETE /vms/x")]
    [InlineData("POST /nowhere")]
    public async Task A_body_that_nobody_reads_does_no_harm(string line)
    {
        await using var host = new FakeHost();
        await using var app = new AutoProvisionApp(host, []);
        app.UseKestrel();
        using var http = app.CreateClient();

        foreach (var (fields, body) in Wrong)
            Assert.NotEqual(500, (await SendAsync(http, line, fields, body, isCut: false)).Status);
        foreach (var (fields, body) in Cut)
            Assert.NotEqual(500, (await SendAsync(http, line, fields, body, isCut: true)).Status);

        Assert.Empty(app.Get<VmStore>().List());
        await app.DisposeAsync();
        Assert.Empty(host.Log.Troubles);
        Assert.DoesNotContain(host.Log.All, text => text.Contains("   at ", StringComparison.Ordinal));
    }

    private static async Task<RawAnswer> SendAsync(HttpClient http, string line, string fields, string body, bool isCut)
    {
        using var socket = await http.ConnectAsync();
        await socket.SendTextAsync($"{line} HTTP/1.1\r\nHost: {http.BaseAddress!.Authority}\r\nConnection: close\r\n{fields}\r\n{body}");
        if (isCut)
            socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        return await socket.ReadAnswerAsync();
    }
}
