using System.Net;
using AutoProvision.Fakes;
using AutoProvision.Ssh.Files;

namespace AutoProvision.Ssh;

/// <summary>A file that is larger than what the service may hold of it. It runs alone: what other tests hold is in the same heap.</summary>
[Collection(nameof(SftpMemoryTests))]
[CollectionDefinition(nameof(SftpMemoryTests), DisableParallelization = true)]
public sealed class SftpMemoryTests
{
    private const long GiB = 1024 * 1024 * 1024;
    private const long Most = 64 * 1024 * 1024;

    [Fact(Timeout = 300_000)]
    public async Task A_GiB_goes_through_both_ways_and_is_never_in_memory()
    {
        var files = new FakeFiles { Forgets = true };
        files.Nodes["/tmp/large"] = new FakeNode { Mode = 0x81A4, Zeros = GiB };
        await using var sftp = await Sftp.OpenAsync(new FakeSftpChannel(files), TimeProvider.System, TestContext.Current.CancellationToken);
        var handle = await sftp.OpenFileAsync("/tmp/large", SftpOpen.Read, TestContext.Current.CancellationToken);
        await using var content = new WatchedStream(new SftpReadStream(sftp, handle, GiB));

        await new SftpUpload(sftp).WriteAsync("/tmp/.part", "/tmp/copy", content, new SftpAttributes(Mode: 0x1A4), durable: true, TestContext.Current.CancellationToken);

        Assert.Equal(GiB, files.Written);
        Assert.InRange(content.Growth, long.MinValue, Most);
    }

    /// <summary>Over a real server, which would hold what it cannot pass on; the client's share of the heap counts as well.</summary>
    [Fact(Timeout = 300_000)]
    public async Task A_GiB_goes_through_the_whole_service_and_is_never_in_memory()
    {
        await using var host = new FakeHost();
        await using var app = new AutoProvisionApp(host, []);
        app.UseKestrel();
        // A client that follows redirects keeps every body in memory first, to be able to send it again.
        app.ClientOptions.AllowAutoRedirect = false;
        using var http = app.CreateClient();
        // The test has a deadline of its own.
        http.Timeout = Timeout.InfiniteTimeSpan;
        var vm = await http.ReadyVmAsync();
        host.Guests.Files.Forgets = true;
        host.Guests.Files.Nodes["/tmp/large"] = new FakeNode { Mode = 0x81A4, Zeros = GiB };
        using var read = await http.GetAsync(new Uri($"{vm}/files?path=/tmp/large", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await using var content = new WatchedStream(await read.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        using var body = new StreamContent(content, 128 * 1024);
        var before = host.Guests.Files.Written;

        using var written = await http.PutAsync(new Uri($"{vm}/files?path=/tmp/copy", UriKind.Relative), body, TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.Created, GiB), (written.StatusCode, host.Guests.Files.Written - before));
        Assert.InRange(content.Growth, long.MinValue, Most);
    }

    /// <summary>Looks at the heap every 64 MiB.</summary>
    private sealed class WatchedStream(Stream source) : MemoryStream
    {
        private readonly long _before = GC.GetTotalMemory(forceFullCollection: true);
        private long _next;
        private long _read;

        public long Growth { get; private set; }

        public override bool CanSeek => false;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = await source.ReadAsync(buffer, cancellationToken);
            _read += count;
            if (_read >= _next)
            {
                _next += Most;
                Growth = Math.Max(Growth, GC.GetTotalMemory(forceFullCollection: true) - _before);
            }
            return count;
        }

        public override async ValueTask DisposeAsync()
        {
            await source.DisposeAsync();
            await base.DisposeAsync();
        }
    }
}
