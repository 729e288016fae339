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

    /// <summary>Looks at the heap every 64 MiB.</summary>
    private sealed class WatchedStream(Stream source) : MemoryStream
    {
        private readonly long _before = GC.GetTotalMemory(forceFullCollection: true);
        private long _next;
        private long _read;

        public long Growth { get; private set; }

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
