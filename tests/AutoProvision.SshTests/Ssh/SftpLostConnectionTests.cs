using System.Formats.Tar;
using System.IO.Pipelines;
using AutoProvision.Ssh.Files;

namespace AutoProvision.Ssh;

/// <summary>What the guest itself clears away when a connection is lost.</summary>
public sealed class SftpLostConnectionTests(SshdFixture sshd) : IClassFixture<SshdFixture>, IAsyncLifetime
{
    private const int Limit = 120_000;
    private readonly SftpDirectory _there = new(sshd);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _there.ReconnectAsync();

    public ValueTask DisposeAsync() => _there.DisposeAsync();

    [Fact(Timeout = Limit)]
    public async Task The_guest_itself_removes_what_a_lost_connection_leaves()
    {
        await File.WriteAllTextAsync(_there.At("f"), "old", Cancellation);
        File.CreateSymbolicLink(_there.At("link"), "f");
        var content = new RandomStream(long.MaxValue) { HoldsAt = 3_000_000 };
        var writing = _there.WriteAsync(_there.At("link"), content);
        await content.Held;
        await HostProcesses.UntilAsync(() => _there.Root.GetFiles(".autoprovision-*").Length == 1, "the unfinished file is there");

        await _there.Connection.DisposeAsync();
        content.Release();

        await Assert.ThrowsAsync<SftpEndedException>(() => writing);
        await HostProcesses.UntilAsync(() => _there.Root.GetFileSystemInfos().Length == 2, "it is gone");
        Assert.Equal("old", await File.ReadAllTextAsync(_there.At("f"), Cancellation));
        await _there.ReconnectAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task The_guest_itself_removes_what_a_lost_connection_leaves_of_an_archive()
    {
        Directory.CreateDirectory(_there.At("d"));
        var temporary = FilePath.Temporary();
        var header = new MemoryStream();
        await using (var writer = new TarWriter(header, leaveOpen: true))
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "sub/f") { DataStream = new MemoryStream(new byte[4_000_000]) }, Cancellation);
        var archive = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await archive.Writer.WriteAsync(header.ToArray().AsMemory(0, 3_000_000), Cancellation);
        var sftp = await _there.ConnectAsync(SftpCommand.WithSweep(_there.At("d"), temporary));
        var unpacking = new RemoteFiles(sftp, "root").UnpackAsync(SftpDirectory.Order(_there.At("d")), temporary, archive.Reader.AsStream(), Cancellation);
        await HostProcesses.UntilAsync(() => Directory.GetFiles(_there.At("d"), temporary, SearchOption.AllDirectories).Length == 1, "the unfinished file is there");

        await _there.Connection.DisposeAsync();
        await archive.Writer.WriteAsync(header.ToArray().AsMemory(3_000_000), Cancellation);
        await archive.Writer.CompleteAsync();

        await Assert.ThrowsAsync<SftpEndedException>(() => unpacking);
        await sftp.DisposeAsync();
        await HostProcesses.UntilAsync(() => Directory.GetFiles(_there.At("d"), "*", SearchOption.AllDirectories).Length == 0, "it is gone");
        Assert.True(Directory.Exists(_there.At("d/sub")));
        await _there.ReconnectAsync();
    }
}
