using System.Net.Sockets;
using System.Text;
using AutoProvision.Fakes;
using Microsoft.Extensions.Hosting;

namespace AutoProvision.Api;

/// <summary>A sender who pauses in the middle of an upload, over a real server.</summary>
public sealed class FileSenderTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory(Timeout = 60_000)]
    [InlineData("application/octet-stream", "/tmp/f", "VM deleted", "ssh_connection_lost")]
    [InlineData("application/x-tar", "/tmp", "VM deleted", "ssh_connection_lost")]
    [InlineData("application/octet-stream", "/tmp/f", "VM stopped", "guest_went_down")]
    [InlineData("application/x-tar", "/tmp", "VM stopped", "guest_went_down")]
    [InlineData("application/octet-stream", "/tmp/f", "service stopped", "service_stopping")]
    [InlineData("application/x-tar", "/tmp", "service stopped", "service_stopping")]
    public async Task Who_pauses_is_told_when_the_VM_or_the_service_goes(string type, string path, string what, string code)
    {
        await using var host = new FakeHost();
        // A stop that waits for the sender would take longer than this test may.
        await using var app = new AutoProvisionApp(host, [("Provisioning:ShutdownTimeout", "00:05:00")]);
        app.UseKestrel();
        using var http = app.CreateClient();
        var vm = await http.ReadyVmAsync();
        using var sender = new TcpClient();
        await sender.ConnectAsync(http.BaseAddress!.Host, http.BaseAddress.Port, Cancellation);
        await using var stream = sender.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"PUT {vm}/files?path={path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Type: {type}\r\n\r\n5\r\nfirst\r\n"), Cancellation);
        await UntilAsync(() => IsUnderWay(host.Guests.Files));
        var answer = ReadAsync(stream, code);

        Task ending = what switch
        {
            "VM deleted" => http.DeleteVmAsync(vm),
            "VM stopped" => http.PostJsonAsync($"{vm}/stop", "{}"),
            _ => app.Get<IHost>().StopAsync(Cancellation),
        };

        Assert.Contains(code, await answer, StringComparison.Ordinal);
        // What is left of the body is not waited for.
        await UntilAsync(() =>
        {
            host.Time.Advance(TimeSpan.FromMilliseconds(500));
            return ending.IsCompleted;
        });
        await ending;
    }

    // Up to what is looked for: the server does not wait long for the rest of a body that it has no use for, and hangs up.
    private static async Task<string> ReadAsync(NetworkStream stream, string last)
    {
        var (text, buffer) = (new StringBuilder(), new byte[4096]);
        while (!text.ToString().Contains(last, StringComparison.Ordinal) && await stream.ReadAsync(buffer, Cancellation) is > 0 and var count)
            text.Append(Encoding.ASCII.GetString(buffer, 0, count));
        return text.ToString();
    }

    private static bool IsUnderWay(FakeFiles guest)
    {
        lock (guest.Nodes)
            return guest.Nodes.Keys.Any(path => path.Contains("/.autoprovision-", StringComparison.Ordinal));
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!condition())
            await timer.WaitForNextTickAsync(Cancellation);
    }
}
