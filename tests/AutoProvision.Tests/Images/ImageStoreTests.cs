using AutoProvision.Vms;

namespace AutoProvision.Images;

public sealed class ImageStoreTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task A_local_file_is_used_in_place_and_looked_into_once_until_it_changes()
    {
        await using var host = new ImagesHost(("Catalog:mine:Path", "/etc/hostname"), ("Catalog:mine:User", "me"));

        var image = await host.Store.EnsureAsync("mine", null, TestContext.Current.CancellationToken);
        await host.Store.EnsureAsync("mine", null, TestContext.Current.CancellationToken);

        Assert.Equal(new BaseImage("mine", "/etc/hostname", "qcow2", 2147483648, "me"), image);
        Assert.Equal(1, host.QemuImg.Looks);
        Assert.False(Directory.Exists(host.Directory));
    }

    [Fact(Timeout = Limit)]
    public async Task A_local_file_that_is_not_there_is_missing_until_it_is()
    {
        using var elsewhere = new TemporaryFile();
        await using var host = new ImagesHost(("Catalog:mine:Path", elsewhere.Path));
        File.Delete(elsewhere.Path);

        var failure = await Assert.ThrowsAsync<FailureException>(() => host.Store.EnsureAsync("mine", null, TestContext.Current.CancellationToken));
        Assert.Equal(("image_missing", ImageState.Failed), (failure.Code, host.Store.List().Single().State));
        await File.WriteAllTextAsync(elsewhere.Path, "here now", TestContext.Current.CancellationToken);

        Assert.Equal(ImageState.Available, host.Store.List().Single().State);
        await host.Store.EnsureAsync("mine", null, TestContext.Current.CancellationToken);
    }

    [Fact(Timeout = Limit)]
    public async Task An_unknown_name_is_answered_with_the_known_ones()
    {
        await using var host = new ImagesHost(("Catalog:b:Path", "/b"), ("Catalog:a:Path", "/a"));

        var failure = await Assert.ThrowsAsync<FailureException>(() => host.Store.EnsureAsync("c", null, TestContext.Current.CancellationToken));

        Assert.Equal("image_unknown", failure.Code);
        Assert.Contains("a, b", failure.Failure.Hint, StringComparison.Ordinal);
        Assert.True(host.Store.Knows("a"));
        Assert.False(host.Store.Knows("A"));
        Assert.Equal(["a", "b"], host.Store.Names);
    }

    [Theory(Timeout = Limit)]
    [InlineData("""{"format": "qcow2", "virtual-size": 1, "backing-filename": "/etc/shadow"}""", "image_unsafe", "/etc/shadow")]
    [InlineData("""{"format": "qcow2", "virtual-size": 1, "format-specific": {"type": "qcow2", "data": {"data-file": "/dev/sda"}}}""", "image_unsafe", "/dev/sda")]
    [InlineData("""{"format": "vmdk", "virtual-size": 1}""", "image_unreadable", "vmdk")]
    [InlineData("""{"format": "qcow2", "virtual-size": 1, "encrypted": true}""", "image_unreadable", "encrypted")]
    [InlineData("nonsense", "image_unreadable", "not understood")]
    public async Task A_download_that_reaches_outside_itself_or_is_no_image_never_gets_its_name(string info, string code, string cause)
    {
        await using var server = await ImageServer.StartAsync();
        await using var host = ImagesHost.For(server);
        host.QemuImg.Answer = new(0, info, "");

        var failure = await Assert.ThrowsAsync<FailureException>(() => host.Store.EnsureAsync("cloud", null, TestContext.Current.CancellationToken));

        Assert.Equal(code, failure.Code);
        Assert.Contains(cause, failure.Failure.Cause, StringComparison.Ordinal);
        Assert.DoesNotContain(host.Files, file => file.EndsWith(".qcow2", StringComparison.Ordinal) || file.EndsWith(".part", StringComparison.Ordinal));
        Assert.Equal(ImageState.Failed, host.Store.List().Single().State);
    }

    [Fact(Timeout = Limit)]
    public async Task A_local_file_that_is_refused_stays_where_it_is()
    {
        using var file = new TemporaryFile();
        await using var host = new ImagesHost(("Catalog:mine:Path", file.Path));
        host.QemuImg.Answer = new(1, "", "qemu-img: Could not open");

        var failure = await Assert.ThrowsAsync<FailureException>(() => host.Store.EnsureAsync("mine", null, TestContext.Current.CancellationToken));

        Assert.Equal("image_unreadable", failure.Code);
        Assert.Equal("qemu-img: Could not open", failure.Failure.Evidence);
        Assert.True(File.Exists(file.Path));
        Assert.Equal(ImageState.Failed, host.Store.List().Single().State);
    }

    [Fact(Timeout = Limit)]
    public async Task A_directory_that_cannot_be_made_is_told()
    {
        await using var server = await ImageServer.StartAsync();
        await using var host = new ImagesHost(
            ("Catalog:cloud:Url", server.ImageUrl), ("Catalog:cloud:Sha256", server.Sha256), ("Directory", "/dev/null/images"));

        var failure = await Assert.ThrowsAsync<FailureException>(() => host.Store.EnsureAsync("cloud", null, TestContext.Current.CancellationToken));

        Assert.Equal("image_storage_failed", failure.Code);
    }

    private sealed class TemporaryFile : IDisposable
    {
        public string Path { get; } = System.IO.Path.GetTempFileName();

        public void Dispose() => File.Delete(Path);
    }
}
