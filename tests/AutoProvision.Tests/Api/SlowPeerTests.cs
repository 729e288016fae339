using System.Net;
using System.Net.Sockets;
using System.Text;
using AutoProvision.Fakes;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace AutoProvision.Api;

/// <summary>Clients who send or read slowly, over a real server.</summary>
public sealed class SlowPeerTests
{
    // The server looks about once a second; a busy machine may let it look more seldom.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(8);

    [Fact(Timeout = 60_000)]
    public async Task An_upload_may_pause_for_longer_than_other_bodies()
    {
        await using var host = new FakeHost();
        await using var app = new AutoProvisionApp(host, []);
        // As strict as can be: the server looks once a second.
        app.UseKestrel(server =>
        {
            server.Listen(IPAddress.Loopback, 0);
            server.Limits.MinRequestBodyDataRate = new MinDataRate(1_000_000, TimeSpan.FromSeconds(1.1));
        });
        using var http = app.CreateClient();
        var vm = await http.ReadyVmAsync();
        using var plain = new HttpClient { BaseAddress = http.BaseAddress };
        using var body = new PausingContent();
        using var other = new PausingContent();
        other.Headers.ContentType = new("application/json");

        using var written = await plain.PutAsync(new Uri($"{vm}/files?path=/tmp/slow", UriKind.Relative), body, TestContext.Current.CancellationToken);
        using var refused = await plain.PostAsync(new Uri($"{vm}/exec", UriKind.Relative), other, TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.RequestTimeout), (written.StatusCode, refused.StatusCode));
        Assert.Equal("first last", Encoding.UTF8.GetString([.. host.Guests.Files.Nodes["/tmp/slow"].Content]));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_download_may_pause_for_longer_than_other_answers()
    {
        await using var host = new FakeHost();
        await using var app = new AutoProvisionApp(host, []);
        app.UseKestrel(server =>
        {
            server.Listen(IPAddress.Loopback, 0);
            server.Limits.MinResponseDataRate = new MinDataRate(1e9, TimeSpan.FromSeconds(1.1));
        });
        using var http = app.CreateClient();
        var vm = await http.ReadyVmAsync();
        const long Size = 64L << 20;
        host.Guests.Files.Nodes["/tmp/large"] = new FakeNode { Mode = 0x81A4, Zeros = Size };
        using var response = await http.GetAsync(new Uri($"{vm}/files?path=/tmp/large", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);

        await Task.Delay(Pause, TestContext.Current.CancellationToken);
        await using var taken = new CountingStream();
        await body.CopyToAsync(taken, TestContext.Current.CancellationToken);

        Assert.Equal(Size, taken.Count);
    }

    [Fact]
    public async Task A_connection_that_is_gone_without_a_word_is_asked_for()
    {
        await using var host = new FakeHost();
        var transport = host.Start().Get<IOptions<SocketTransportOptions>>().Value;

        using var socket = transport.CreateBoundListenSocket(new IPEndPoint(IPAddress.Loopback, 0));

        int Tcp(SocketOptionName name) => (int)socket.GetSocketOption(SocketOptionLevel.Tcp, name)!;
        Assert.NotEqual(0, socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive));
        Assert.Equal((60, 10, 3), (Tcp(SocketOptionName.TcpKeepAliveTime), Tcp(SocketOptionName.TcpKeepAliveInterval), Tcp(SocketOptionName.TcpKeepAliveRetryCount)));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("files?path=/tmp/large")]
    [InlineData("exec")]
    public async Task A_reader_who_does_not_read_holds_up_no_stop(string what)
    {
        await using var host = new FakeHost();
        await using var app = new AutoProvisionApp(host, [("Provisioning:ShutdownTimeout", "00:05:00")]);
        app.UseKestrel(0);
        using var http = app.CreateClient();
        var vm = await http.ReadyVmAsync();
        host.Guests.Files.Nodes["/tmp/large"] = new FakeNode { Mode = 0x81A4, Zeros = 1L << 30 };
        var given = 0L;
        host.Guests.Streams["yes"] = async (_, sink, cancellation) =>
        {
            sink.Started(1);
            // A session that is ended lets go of who does not take its output.
            await using var ending = cancellation.Register(sink.Hurry);
            while (!cancellation.IsCancellationRequested)
            {
                sink.Stdout(new byte[100_000]);
                Interlocked.Add(ref given, 100_000);
                await Task.Yield();
            }
            throw new OperationCanceledException(cancellation);
        };
        using var response = what == "exec" ? await http.OpenExecAsync(vm, """{"shell": "yes"}""", TestContext.Current.CancellationToken)
            : await http.GetAsync(new Uri($"{vm}/{what}", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

        await StandsStillAsync(() => Interlocked.Read(ref given) + host.Guests.Files.BytesRead);
        var stopping = app.Get<IHost>().StopAsync(TestContext.Current.CancellationToken);
        await UntilAsync(() =>
        {
            host.Time.Advance(TimeSpan.FromMilliseconds(500));
            return stopping.IsCompleted;
        });

        await stopping;
        await Assert.ThrowsAnyAsync<Exception>(() => response.Content.LoadIntoBufferAsync(TestContext.Current.CancellationToken));
    }

    // What lies between has filled up.
    private static async Task StandsStillAsync(Func<long> given)
    {
        var (last, same) = (0L, 0);
        await UntilAsync(() =>
        {
            (last, same) = (given(), given() == last && last > 0 ? same + 1 : 0);
            return same == 25;
        });
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!condition())
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
    }

    private sealed class CountingStream : MemoryStream
    {
        public long Count { get; private set; }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Count += buffer.Length;
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>A few bytes, a pause, and some more.</summary>
    private sealed class PausingContent : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync("first "u8.ToArray(), TestContext.Current.CancellationToken);
            await stream.FlushAsync(TestContext.Current.CancellationToken);
            await Task.Delay(Pause, TestContext.Current.CancellationToken);
            await stream.WriteAsync("last"u8.ToArray(), TestContext.Current.CancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
