using AutoProvision.Vms;

namespace AutoProvision.Images;

/// <summary>Over real HTTP, from a server in this process that breaks as told.</summary>
public sealed class DownloadTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task An_image_is_fetched_verified_and_then_found()
    {
        await using var server = await ImageServer.StartAsync();
        await using var host = ImagesHost.For(server);
        Assert.Equal(ImageState.Absent, host.Store.List().Single().State);
        var progress = new ProgressRecord();

        var image = await host.Store.EnsureAsync("cloud", progress, TestContext.Current.CancellationToken);

        Assert.Equal(new BaseImage("cloud", host.File($"cloud.{server.Sha256[..12]}.qcow2"), "qcow2", 2147483648, "debian"), image);
        Assert.Equal(server.Bytes, await File.ReadAllBytesAsync(image.Path, TestContext.Current.CancellationToken));
        Assert.Equal(100, progress.All[^1].Percent);
        Assert.Equal(server.Bytes.Length, progress.All[^1].Bytes);
        Assert.Equal(["cloud.json", "cloud.lock", Path.GetFileName(image.Path)], host.Files.Order(StringComparer.Ordinal).OrderBy(f => f.Length));
        var status = host.Store.List().Single();
        Assert.Equal((ImageState.Available, "url", (long?)server.Bytes.Length), (status.State, status.Source, status.SizeBytes));
    }

    [Fact(Timeout = Limit)]
    public async Task A_fetched_image_is_not_fetched_again_by_a_restarted_service()
    {
        await using var server = await ImageServer.StartAsync();
        await using var host = ImagesHost.For(server);
        var first = await host.Store.EnsureAsync("cloud", null, TestContext.Current.CancellationToken);
        var restarted = host.Start(("Catalog:cloud:Url", server.ImageUrl), ("Catalog:cloud:Sha256", server.Sha256));
        var progress = new ProgressRecord();

        Assert.Equal(first, await restarted.EnsureAsync("cloud", progress, TestContext.Current.CancellationToken));

        Assert.Single(server.Requests);
        Assert.Empty(progress.All);
    }

    [Fact(Timeout = Limit)]
    public async Task A_changed_catalogue_is_fetched_anew_beside_the_image_that_disks_may_stand_on()
    {
        await using var server = await ImageServer.StartAsync();
        await using var host = ImagesHost.For(server);
        var old = await host.Store.EnsureAsync("cloud", null, TestContext.Current.CancellationToken);
        server.Bytes = [.. server.Bytes.Reverse()];
        var changed = host.Start(("Catalog:cloud:Url", server.ImageUrl), ("Catalog:cloud:Sha512", server.Sha512));

        var image = await changed.EnsureAsync("cloud", null, TestContext.Current.CancellationToken);

        Assert.NotEqual(old.Path, image.Path);
        Assert.Equal(server.Bytes, await File.ReadAllBytesAsync(image.Path, TestContext.Current.CancellationToken));
        Assert.True(File.Exists(old.Path));
    }

    [Fact(Timeout = Limit)]
    public async Task A_broken_download_goes_on_where_it_stopped()
    {
        await using var server = await ImageServer.StartAsync();
        await using var host = ImagesHost.For(server);
        var progress = new ProgressRecord();
        (server.CutAfter, server.Cuts) = (400_000, 1);
        server.CutWhen = progress.Until(p => p.Bytes == 400_000);

        var image = await host.Store.EnsureAsync("cloud", progress, TestContext.Current.CancellationToken);

        Assert.Equal(server.Bytes, await File.ReadAllBytesAsync(image.Path, TestContext.Current.CancellationToken));
        Assert.Equal([(null, null), ("bytes=400000-", "\"one\"")], server.Requests);
        Assert.Contains(progress.All, p => p is { Phase: ImageProgress.Verifying, Bytes: 400_000 });
    }

    [Fact(Timeout = Limit)]
    public async Task A_restarted_service_goes_on_with_what_the_killed_one_left()
    {
        await using var server = await ImageServer.StartAsync();
        await using var host = ImagesHost.For(server);
        var progress = new ProgressRecord();
        using var killed = new CancellationTokenSource();
        (server.CutAfter, server.Cuts, server.Stalls) = (400_000, 1, true);
        var stopped = host.Store.EnsureAsync("cloud", progress, killed.Token);
        await progress.Until(p => p.Bytes == 400_000);
        await killed.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stopped);

        var restarted = host.Start(("Catalog:cloud:Url", server.ImageUrl), ("Catalog:cloud:Sha256", server.Sha256));
        var image = await restarted.EnsureAsync("cloud", null, TestContext.Current.CancellationToken);

        Assert.Equal(server.Bytes, await File.ReadAllBytesAsync(image.Path, TestContext.Current.CancellationToken));
        Assert.Equal("bytes=400000-", server.Requests.Last().Range);
    }

    [Theory(Timeout = Limit)]
    [InlineData(false, "\"one\"", false)] // a server without ranges answers 200
    [InlineData(true, "\"two\"", false)] // another file by now: If-Range makes it 200
    [InlineData(true, "\"two\"", true)] // another file by now, and a server that sends its rest all the same
    [InlineData(true, null, false)] // nothing to tell by: no range is asked for
    public async Task What_cannot_go_on_starts_again(bool ranges, string? laterTag, bool overlooksIfRange)
    {
        await using var server = await ImageServer.StartAsync();
        await using var host = ImagesHost.For(server);
        var progress = new ProgressRecord();
        (server.CutAfter, server.Cuts, server.HonoursRanges) = (400_000, 1, ranges);
        server.OverlooksIfRange = overlooksIfRange;
        server.ETag = laterTag is null ? null : "\"one\"";
        server.CutWhen = Change();

        var image = await host.Store.EnsureAsync("cloud", progress, TestContext.Current.CancellationToken);

        Assert.Equal(server.Bytes, await File.ReadAllBytesAsync(image.Path, TestContext.Current.CancellationToken));
        Assert.Null(server.Requests.Last().Range);

        async Task Change()
        {
            await progress.Until(p => p.Bytes == 400_000);
            server.ETag = laterTag;
        }
    }

    [Fact(Timeout = Limit)]
    public async Task A_server_that_falls_silent_is_left_and_asked_again()
    {
        await using var server = await ImageServer.StartAsync();
        await using var host = new ImagesHost(
            ("Catalog:cloud:Url", server.ImageUrl), ("Catalog:cloud:Sha256", server.Sha256), ("StallTimeout", "00:00:00.5"));
        (server.CutAfter, server.Cuts, server.Stalls) = (400_000, 1, true);

        var image = await host.Store.EnsureAsync("cloud", null, TestContext.Current.CancellationToken);

        Assert.Equal(server.Bytes, await File.ReadAllBytesAsync(image.Path, TestContext.Current.CancellationToken));
        Assert.Equal("bytes=400000-", server.Requests.Last().Range);
    }

    [Fact(Timeout = Limit)]
    public async Task Breaks_that_each_bring_something_do_not_use_up_the_retries()
    {
        await using var server = await ImageServer.StartAsync();
        await using var host = new ImagesHost(
            ("Catalog:cloud:Url", server.ImageUrl), ("Catalog:cloud:Sha256", server.Sha256), ("Retries", "0"), ("StallTimeout", "00:00:00.3"));
        (server.CutAfter, server.Cuts, server.Stalls) = (250_000, 3, true);

        var failure = await Assert.ThrowsAsync<FailureException>(() => host.Store.EnsureAsync("cloud", null, TestContext.Current.CancellationToken));
        Assert.Equal("image_download_failed", failure.Code);
        var patient = host.Start(
            ("Catalog:cloud:Url", server.ImageUrl), ("Catalog:cloud:Sha256", server.Sha256), ("Retries", "1"), ("StallTimeout", "00:00:00.3"));
        await patient.EnsureAsync("cloud", null, TestContext.Current.CancellationToken);

        Assert.Equal([null, "bytes=250000-", "bytes=500000-", "bytes=750000-"], server.Requests.Select(r => r.Range));
    }

    [Fact(Timeout = Limit)]
    public async Task Wrong_bytes_are_deleted_and_told_with_both_checksums()
    {
        await using var server = await ImageServer.StartAsync();
        await using var host = ImagesHost.For(server);
        var expected = server.Sha256;
        server.Bytes = [.. server.Bytes.Reverse()];

        var failure = await Assert.ThrowsAsync<FailureException>(() => host.Store.EnsureAsync("cloud", null, TestContext.Current.CancellationToken));

        Assert.Equal("image_checksum_mismatch", failure.Code);
        Assert.Contains(expected, failure.Failure.Cause, StringComparison.Ordinal);
        Assert.Contains(server.Sha256, failure.Failure.Cause, StringComparison.Ordinal);
        Assert.Equal(["cloud.lock"], host.Files);
        var status = host.Store.List().Single();
        Assert.Equal((ImageState.Failed, failure.Failure), (status.State, status.Failure));
    }

    [Theory(Timeout = Limit)]
    [InlineData(404, 1)]
    [InlineData(403, 1)]
    [InlineData(503, 3)]
    [InlineData(429, 3)]
    public async Task Only_errors_that_may_pass_are_tried_again(int status, int requests)
    {
        await using var server = await ImageServer.StartAsync();
        await using var host = ImagesHost.For(server);
        server.Status = status;

        var failure = await Assert.ThrowsAsync<FailureException>(() => host.Store.EnsureAsync("cloud", null, TestContext.Current.CancellationToken));

        Assert.Equal("image_download_failed", failure.Code);
        Assert.Contains($"{status}", failure.Failure.Cause, StringComparison.Ordinal);
        Assert.Equal(requests, server.Requests.Count);
    }

    [Fact(Timeout = Limit)]
    public async Task A_download_ends_at_its_deadline()
    {
        await using var server = await ImageServer.StartAsync();
        await using var host = new ImagesHost(
            ("Catalog:cloud:Url", server.ImageUrl), ("Catalog:cloud:Sha256", server.Sha256), ("DownloadTimeout", "00:00:00.3"));
        server.Gate = new();

        var failure = await Assert.ThrowsAsync<FailureException>(() => host.Store.EnsureAsync("cloud", null, TestContext.Current.CancellationToken));

        Assert.Equal("image_download_failed", failure.Code);
        await server.Abandoned.Task.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact(Timeout = Limit)]
    public async Task A_finished_download_that_was_not_yet_named_is_only_verified()
    {
        await using var server = await ImageServer.StartAsync();
        await using var host = ImagesHost.For(server);
        host.QemuImg.Answer = new(0, "not JSON", "");
        var progress = new ProgressRecord();
        (server.CutAfter, server.Cuts, server.Stalls) = (400_000, 1, true);
        using var killed = new CancellationTokenSource();
        var stopped = host.Store.EnsureAsync("cloud", progress, killed.Token);
        await progress.Until(p => p.Bytes == 400_000);
        await killed.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stopped);
        await File.WriteAllBytesAsync(host.File("cloud.part"), server.Bytes, TestContext.Current.CancellationToken);
        host.QemuImg.Answer = new(0, FakeQemuImg.Plain, "");

        var image = await host.Store.EnsureAsync("cloud", null, TestContext.Current.CancellationToken);

        Assert.Equal(server.Bytes, await File.ReadAllBytesAsync(image.Path, TestContext.Current.CancellationToken));
        Assert.Equal("bytes=1000000-", server.Requests.Last().Range);
    }

    [Fact(Timeout = Limit)]
    public async Task The_checksum_is_taken_from_the_publishers_list()
    {
        await using var server = await ImageServer.StartAsync();
        await using var host = new ImagesHost(("Catalog:cloud:Url", server.ImageUrl), ("Catalog:cloud:ChecksumUrl", server.SumsUrl));
        server.Sums = $"{new string('0', 128)}  other.qcow2\n{server.Sha512}  image.qcow2\n";

        var image = await host.Store.EnsureAsync("cloud", null, TestContext.Current.CancellationToken);

        Assert.Equal(host.File($"cloud.{server.Sha512[..12]}.qcow2"), image.Path);
    }

    [Fact(Timeout = Limit)]
    public async Task A_list_without_the_image_is_a_failure_before_any_download()
    {
        await using var server = await ImageServer.StartAsync();
        await using var host = new ImagesHost(("Catalog:cloud:Url", server.ImageUrl), ("Catalog:cloud:ChecksumUrl", server.SumsUrl));
        server.Sums = $"{server.Sha512}  image.qcow2.old\n";

        var failure = await Assert.ThrowsAsync<FailureException>(() => host.Store.EnsureAsync("cloud", null, TestContext.Current.CancellationToken));

        Assert.Equal("image_checksum_missing", failure.Code);
        Assert.Empty(server.Requests);
    }
}
