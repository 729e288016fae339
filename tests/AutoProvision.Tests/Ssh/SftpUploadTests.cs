using System.Formats.Tar;
using AutoProvision.Fakes;
using AutoProvision.Ssh.Files;
using AutoProvision.Vms;

namespace AutoProvision.Ssh;

/// <summary>Uploads that are cut off where a guest takes its time, and what they leave there.</summary>
public sealed class SftpUploadTests : IAsyncLifetime
{
    private const int Limit = 60_000;
    private readonly FakeFiles _files = new();
    private readonly ObservedTime _time = new();
    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Sftp _sftp = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _sftp = await Sftp.OpenAsync(new FakeSftpChannel(_files), _time, Cancellation);

    public ValueTask DisposeAsync()
    {
        _released.TrySetResult();
        return _sftp.DisposeAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task Cut_off_while_the_guest_makes_its_file_an_upload_leaves_none()
    {
        Hold("Open", "/tmp/.part");
        using var cut = new CancellationTokenSource();
        var writing = WriteAsync(cut.Token);
        await _held.Task;

        await cut.CancelAsync();
        _released.SetResult();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
        await _sftp.DisposeAsync();
        Assert.DoesNotContain("/tmp/.part", _files.Nodes.Keys);
    }

    [Fact(Timeout = Limit)]
    public async Task A_file_that_is_there_already_is_somebody_elses()
    {
        _files.Add("/tmp/.part", "other");

        Assert.Equal("file_failed", (await Assert.ThrowsAsync<FailureException>(() => WriteAsync(Cancellation))).Code);

        Assert.Equal(5, _files.Nodes["/tmp/.part"].Content.Count);
    }

    [Theory(Timeout = Limit)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_guests_own_sweep_has_its_mark_where_something_is_left(bool isLeft)
    {
        _files.Before = (request, subject) => request == "Write" || (isLeft && request == "Remove" && subject.EndsWith("/.part", StringComparison.Ordinal))
            ? throw new SftpException(SftpStatus.Failure, "Failure") : Task.CompletedTask;
        using var archive = new MemoryStream();
        await using (var writer = new TarWriter(archive, leaveOpen: true))
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "f") { DataStream = new MemoryStream([1]) }, Cancellation);
        archive.Position = 0;

        await Assert.ThrowsAsync<FailureException>(() => new RemoteFiles(_sftp, "root").UnpackAsync(new GuestFileOrder("/tmp", null, null, false, false), ".part", archive, Cancellation));

        Assert.Equal((isLeft, isLeft), (_files.Nodes.ContainsKey("/tmp/.part"), _files.Nodes.ContainsKey("/tmp/" + SftpCommand.Mark(".part"))));
    }

    [Theory(Timeout = Limit)]
    [InlineData("fsync@openssh.com")]
    [InlineData("Close")]
    public async Task What_brings_a_file_to_the_disk_may_take_minutes(string request)
    {
        Hold(request);
        var writing = WriteAsync(Cancellation);
        await _time.WaitedForAsync(SftpSession.FlushPatience);

        _time.Advance(SftpSession.FlushPatience - TimeSpan.FromSeconds(1));
        _released.SetResult();

        await writing;
        Assert.True(_files.Nodes.ContainsKey("/tmp/f"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_disk_that_takes_for_ever_is_not_waited_for()
    {
        Hold("fsync@openssh.com");
        var writing = WriteAsync(Cancellation);
        await _held.Task;

        await _time.PassAsync(SftpSession.FlushPatience);
        _released.SetResult();

        await Assert.ThrowsAsync<SftpEndedException>(() => writing);
    }

    private Task WriteAsync(CancellationToken cancellation) =>
        new SftpUpload(_sftp).WriteAsync("/tmp/.part", "/tmp/f", new MemoryStream([1]), new SftpAttributes(Mode: 0x1A4), durable: true, cancellation);

    private void Hold(string request, string? subject = null) => _files.Before = async (asked, about) =>
    {
        if (asked != request || (subject is not null && about != subject))
            return;
        _held.TrySetResult();
        await _released.Task;
    };
}
