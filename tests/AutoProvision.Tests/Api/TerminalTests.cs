using System.Net;
using System.Net.WebSockets;
using System.Text;
using AutoProvision.Fakes;
using Microsoft.Extensions.Hosting;

namespace AutoProvision.Api;

public sealed class TerminalTests
{
    private const int Limit = 30_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limit)]
    public async Task Bytes_go_both_ways_and_a_control_message_resizes()
    {
        await using var host = new FakeHost();
        var (app, vm) = await StartAsync(host);
        using var socket = await OpenAsync(app, $"{vm}/terminal?cols=100&rows=30&term=vt220");

        await socket.SendAsync("ls\n"u8.ToArray(), WebSocketMessageType.Binary, true, Cancellation);
        await socket.SendAsync("""{"type":"resize","cols":120,"rows":40}"""u8.ToArray(), WebSocketMessageType.Text, true, Cancellation);

        Assert.Equal("ls\n[120x40]", await ReadAsync(socket, 11));
        var terminal = Assert.Single(host.Guests.Terminals);
        Assert.Equal("vt220", terminal.Type);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
    }

    [Theory(Timeout = Limit)]
    [InlineData("exit 3", WebSocketMessageType.Binary, WebSocketCloseStatus.NormalClosure, """{"exitCode":3}""")]
    [InlineData("""{"type":"resize","cols":0,"rows":40}""", WebSocketMessageType.Text, WebSocketCloseStatus.InvalidPayloadData, "control_invalid")]
    [InlineData("ls", WebSocketMessageType.Text, WebSocketCloseStatus.InvalidPayloadData, "control_invalid")]
    public async Task The_close_says_how_it_ended(string sent, WebSocketMessageType type, WebSocketCloseStatus status, string reason)
    {
        await using var host = new FakeHost();
        var (app, vm) = await StartAsync(host);
        using var socket = await OpenAsync(app, $"{vm}/terminal");

        await socket.SendAsync(Encoding.UTF8.GetBytes(sent), type, true, Cancellation);

        await ShowClosedAsync(socket, status, reason);
    }

    [Fact(Timeout = Limit)]
    public async Task A_deleted_VM_closes_its_terminals()
    {
        await using var host = new FakeHost();
        var (app, vm) = await StartAsync(host);
        using var http = app.CreateClient();
        using var socket = await OpenAsync(app, $"{vm}/terminal");

        await http.DeleteVmAsync(vm);

        await ShowClosedAsync(socket, WebSocketCloseStatus.InternalServerError, "ssh_connection_lost");
        await http.UntilAsync(vm, "deleted");
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task A_service_that_is_stopped_says_so()
    {
        await using var host = new FakeHost();
        var (app, vm) = await StartAsync(host);
        using var socket = await OpenAsync(app, $"{vm}/terminal");

        app.Get<IHostApplicationLifetime>().StopApplication();

        await ShowClosedAsync(socket, WebSocketCloseStatus.EndpointUnavailable, "service_stopping");
    }

    [Fact(Timeout = Limit)]
    public async Task What_is_no_WebSocket_or_comes_from_a_strange_page_is_refused_before_anything_is_opened()
    {
        await using var host = new FakeHost();
        var (app, vm) = await StartAsync(host);
        using var http = app.CreateClient();

        using var plain = await http.GetAsync(new Uri($"{vm}/terminal", UriKind.Relative), Cancellation);
        using var bad = await http.GetAsync(new Uri($"{vm}/terminal?cols=0&rows=x&term=a%20b", UriKind.Relative), Cancellation);

        Assert.Equal("websocket_wanted", (await plain.ReadProblemAsync(HttpStatusCode.BadRequest)).Text("code"));
        Assert.Equal(["/cols", "/rows", "/term"], (await bad.ReadProblemAsync(HttpStatusCode.BadRequest)).GetProperty("errors").EnumerateArray().Select(fault => fault.Text("pointer")));
        Assert.Contains("403", await RefusalAsync(app, $"{vm}/terminal", "https://evil.example"), StringComparison.Ordinal);
        Assert.Contains("403", await RefusalAsync(app, $"{vm}/terminal", "null"), StringComparison.Ordinal);
        Assert.Contains("404", await RefusalAsync(app, $"/vms/{Guid.NewGuid()}/terminal", null), StringComparison.Ordinal);
        Assert.Empty(host.Guests.Terminals);
        using var own = await OpenAsync(app, $"{vm}/terminal", "http://localhost");
        Assert.Equal(WebSocketState.Open, own.State);
    }

    private static async Task<(AutoProvisionApp App, string Vm)> StartAsync(FakeHost host)
    {
        var app = host.Start();
        using var http = app.CreateClient();
        var vm = await http.CreateVmAsync();
        await http.UntilAsync(vm, "ready");
        return (app, vm);
    }

    private static Task<WebSocket> OpenAsync(AutoProvisionApp app, string path, string? origin = null)
    {
        var client = app.Server.CreateWebSocketClient();
        client.ConfigureRequest = request => request.Headers.Origin = origin;
        return client.ConnectAsync(new Uri(app.Server.BaseAddress, path), Cancellation);
    }

    // The test server's client tells the status in words.
    private static async Task<string> RefusalAsync(AutoProvisionApp app, string path, string? origin) =>
        (await Assert.ThrowsAsync<InvalidOperationException>(() => OpenAsync(app, path, origin))).Message;

    private static async Task<string> ReadAsync(WebSocket socket, int length)
    {
        var (shown, buffer) = ("", new byte[100]);
        while (shown.Length < length)
            shown += Encoding.UTF8.GetString(buffer, 0, (await socket.ReceiveAsync(buffer, Cancellation)).Count);
        return shown;
    }

    private static async Task ShowClosedAsync(WebSocket socket, WebSocketCloseStatus status, string reason)
    {
        var buffer = new byte[100];
        while ((await socket.ReceiveAsync(buffer, Cancellation)).MessageType != WebSocketMessageType.Close)
        {
            // What was shown before the end.
        }
        Assert.Equal((status, reason), (socket.CloseStatus, socket.CloseStatusDescription));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
    }
}
