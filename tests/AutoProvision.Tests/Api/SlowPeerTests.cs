using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using AutoProvision.Fakes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace AutoProvision.Api;

/// <summary>Clients who send or read slowly, over a real server.</summary>
public sealed class SlowPeerTests
{
    // The server looks about once a second. Who is hung up on first may have been looked at before the patient one; who is hung up on
    // after that was looked at later.
    private const int Looks = 2;

    [Fact(Timeout = 60_000)]
    public async Task An_upload_may_pause_for_longer_than_other_bodies()
    {
        await using var host = new FakeHost();
        await using var app = new AutoProvisionApp(host, []);
        // As strict as can be.
        app.UseKestrel(server =>
        {
            server.Listen(IPAddress.Loopback, 0);
            server.Limits.MinRequestBodyDataRate = new MinDataRate(1_000_000, TimeSpan.FromSeconds(1.1));
        });
        using var http = app.CreateClient();
        var vm = await http.ReadyVmAsync();
        using var plain = new HttpClient { BaseAddress = http.BaseAddress };
        using var body = new PausingContent();

        var writing = plain.PutAsync(new Uri($"{vm}/files?path=/tmp/slow", UriKind.Relative), body, TestContext.Current.CancellationToken);
        await body.Paused;
        for (var look = 0; look < Looks; look++)
            Assert.Equal("HTTP/1.1 408 Request Timeout", await PauseInBodyAsync(http.BaseAddress!, $"{vm}/exec"));
        body.GoOn();

        using var written = await writing;
        Assert.Equal(HttpStatusCode.Created, written.StatusCode);
        Assert.Equal("first last", Encoding.UTF8.GetString([.. host.Guests.Files.Nodes["/tmp/slow"].Content]));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_download_may_pause_for_longer_than_other_answers()
    {
        await using var host = new FakeHost();
        using var other = new OtherAnswer();
        await using var app = new AutoProvisionApp(host, []) { Also = services => services.AddSingleton<IStartupFilter>(other) };
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
        await StandsStillAsync(() => host.Guests.Files.BytesRead);

        for (var look = 0; look < Looks; look++)
        {
            using var unread = await http.GetAsync(new Uri(OtherAnswer.Path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            await other.HungUpAsync();
        }
        await using var taken = new CountingStream();
        await body.CopyToAsync(taken, TestContext.Current.CancellationToken);

        Assert.Equal(Size, taken.Count);
    }

    /// <summary>Until it is read, the answer takes memory from those of others. By Kestrel's own rule (240 bytes a second) it would do so for hours.</summary>
    [Fact(Timeout = 60_000)]
    public async Task Who_does_not_read_the_answer_of_a_command_is_hung_up_on_and_who_reads_it_gets_all()
    {
        await using var host = new FakeHost();
        var clock = new FastClock();
        await using var app = new AutoProvisionApp(host, []) { Also = services => services.AddSingleton<IStartupFilter>(clock) };
        app.UseKestrel();
        using var http = app.CreateClient();
        var vm = await http.ReadyVmAsync();
        const int Size = 16_000_000;
        host.Guests.Streams["flood"] = (_, sink, _) =>
        {
            sink.Started(1);
            var piece = Encoding.ASCII.GetBytes(new string('x', 1_000_000));
            for (var count = 0; count < Size; count += piece.Length)
                sink.Stdout(piece);
            return Task.FromResult(new AutoProvision.Ssh.ExecEnd(0, null, TimeSpan.Zero, TimedOut: false));
        };
        var body = $$"""{"shell": "flood", "maxOutputBytes": {{Size}}}""";

        using (var read = await http.PostJsonAsync($"{vm}/exec", body))
            Assert.InRange((await read.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Length, Size, Size + 1000);
        // What lies in between holds less than the answer.
        using var client = new TcpClient { ReceiveBufferSize = 16 * 1024 };
        await client.ConnectAsync(IPAddress.Loopback, http.BaseAddress!.Port, TestContext.Current.CancellationToken);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST {vm}/exec HTTP/1.1\r\nHost: {http.BaseAddress.Authority}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"), TestContext.Current.CancellationToken);
        await clock.HungUp.WaitAsync(TestContext.Current.CancellationToken);

        await using var taken = new CountingStream();
        await stream.CopyToAsync(taken, TestContext.Current.CancellationToken).ContinueWith(_ => { }, TaskScheduler.Default);
        Assert.InRange(taken.Count, 1, Size - 1);
        await UntilAsync(() => app.Get<AutoProvision.Ssh.ExecMemory>().Held == 0);
        Assert.All(clock.Asked, rate => Assert.Equal((32 * 1024, TimeSpan.FromSeconds(30)), (rate!.BytesPerSecond, rate.GracePeriod)));
        Assert.Equal(2, clock.Asked.Count);
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
        app.UseKestrel();
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

    /// <summary>Sends a part of a body and then nothing more.</summary>
    /// <returns>The first line of the answer.</returns>
    private static async Task<string?> PauseInBodyAsync(Uri server, string path)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Port, TestContext.Current.CancellationToken);
        await using var stream = client.GetStream();
        var begun = $"POST {path} HTTP/1.1\r\nHost: {server.Authority}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(begun), TestContext.Current.CancellationToken);
        using var answer = new StreamReader(stream);
        return await answer.ReadLineAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>An endless answer of no kind that the service has: the server's own rule holds for it.</summary>
    private sealed class OtherAnswer : IStartupFilter, IDisposable
    {
        public const string Path = "/endless";
        private readonly SemaphoreSlim _hungUp = new(0);

        public Task HungUpAsync() => _hungUp.WaitAsync(TestContext.Current.CancellationToken);

        public void Dispose() => _hungUp.Dispose();

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Map(Path, branch => branch.Run(WriteAsync));
            next(app);
        };

        private async Task WriteAsync(HttpContext http)
        {
            while (!http.RequestAborted.IsCancellationRequested)
                await http.Response.Body.WriteAsync(new byte[64 * 1024]);
            _hungUp.Release();
        }
    }

    /// <summary>Has the server's clock for slow readers go faster: it gives the server each rate that is asked of it with as short a grace as it takes, and as many more bytes a second.</summary>
    private sealed class FastClock : IStartupFilter
    {
        private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1.1);
        private readonly TaskCompletionSource _hungUp = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task HungUp => _hungUp.Task;

        public ConcurrentQueue<MinDataRate?> Asked { get; } = new();

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((http, pipeline) =>
            {
                if (http.Request.Path.Value!.EndsWith("/exec", StringComparison.Ordinal))
                {
                    http.RequestAborted.Register(() => _hungUp.TrySetResult());
                    http.Features.Set<IHttpMinResponseDataRateFeature>(new Rate(this, http.Features.Get<IHttpMinResponseDataRateFeature>()!));
                }
                return pipeline(http);
            });
            next(app);
        };

        private sealed class Rate(FastClock all, IHttpMinResponseDataRateFeature server) : IHttpMinResponseDataRateFeature
        {
            public MinDataRate? MinDataRate
            {
                get => server.MinDataRate;
                set
                {
                    all.Asked.Enqueue(value);
                    server.MinDataRate = value is null ? null : new MinDataRate(value.BytesPerSecond * (value.GracePeriod / Grace), Grace);
                }
            }
        }
    }

    /// <summary>A few bytes, a pause, and some more.</summary>
    private sealed class PausingContent : HttpContent
    {
        private readonly TaskCompletionSource _paused = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _goesOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Paused => _paused.Task;

        public void GoOn() => _goesOn.SetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync("first "u8.ToArray(), TestContext.Current.CancellationToken);
            await stream.FlushAsync(TestContext.Current.CancellationToken);
            _paused.SetResult();
            await _goesOn.Task.WaitAsync(TestContext.Current.CancellationToken);
            await stream.WriteAsync("last"u8.ToArray(), TestContext.Current.CancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
