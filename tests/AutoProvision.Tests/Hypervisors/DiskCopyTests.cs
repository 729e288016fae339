using AutoProvision.Images;
using AutoProvision.Vms;

namespace AutoProvision.Hypervisors;

/// <summary>Further disks, and the copies of all of a VM's.</summary>
public sealed class DiskCopyTests : IAsyncDisposable
{
    private const int Limit = 30_000;
    private static readonly BaseImage Image = new("base", "/base.qcow2", "qcow2", 1, "debian");
    private readonly LibvirtHost _host = new();
    private readonly Guid _source = Guid.NewGuid();
    private readonly Guid _id = Guid.NewGuid();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limit)]
    public async Task A_copy_of_a_layer_on_a_raw_image_is_one_too()
    {
        await _host.Hypervisor.CreateDiskAsync(_source, Image with { Path = "/base.raw", Format = "raw" }, 10, Cancellation);

        await _host.Hypervisor.CopyDisksAsync(_id, _source, 0, 20, Cancellation);

        var disk = FakeDisks.Read(Path.Combine(_host.Pool, $"{_id}.qcow2"));
        Assert.Equal(("/base.raw", "raw"), (disk.Backing, disk.BackingFormat));
    }

    [Fact(Timeout = Limit)]
    public async Task All_disks_are_copied_as_layers_on_the_same_image_with_the_new_size_and_without_snapshots()
    {
        await MakeSourceAsync();
        var modes = new List<string>();
        _host.Libvirt.Watch = command => modes.AddRange(command.Arguments[0] == "convert" ? [LibvirtHost.Mode(command.Arguments[^1])] : []);

        await CopyAsync();

        Assert.Equal(["600", "600", "600"], modes);
        Assert.Equal((20L << 30, "/base.qcow2", 0), Look(""));
        Assert.Equal((1L << 30, null, 0), Look(".data0"));
        Assert.Equal((2L << 30, null, 0), Look(".data1"));
    }

    [Theory(Timeout = Limit)]
    [InlineData(FakeLibvirtDomain.Off)]
    [InlineData(FakeLibvirtDomain.Paused)]
    public async Task A_source_that_is_off_or_paused_will_do(int state)
    {
        await MakeSourceAsync();
        _host.Libvirt.Domains[_source] = new FakeLibvirtDomain("web", state);

        await CopyAsync();

        Assert.Equal(3, FilesOf(_id).Length);
    }

    [Fact(Timeout = Limit)]
    public async Task A_source_that_runs_is_not_copied()
    {
        await MakeSourceAsync();
        _host.Libvirt.Domains[_source] = new FakeLibvirtDomain("web");

        Assert.Equal("hypervisor_refused", (await Assert.ThrowsAsync<FailureException>(CopyAsync)).Code);
        Assert.Empty(FilesOf(_id));
    }

    [Theory(Timeout = Limit)]
    [InlineData("qemu-img: error while writing: No space left on device", "disk_full")]
    [InlineData("qemu-img: error while reading: Input/output error", "disk_failed")]
    public async Task A_copy_that_fails_leaves_none(string error, string code)
    {
        await MakeSourceAsync();
        var copies = 0;
        _host.Libvirt.AnswerAt("qemu-img", (command, _) => command.Arguments[0] == "convert" && ++copies == 3 ? FakeLibvirt.Refused(error) : FakeDisks.Run(command));

        Assert.Equal(code, (await Assert.ThrowsAsync<FailureException>(CopyAsync)).Code);
        Assert.Empty(FilesOf(_id));
        Assert.Equal(3, FilesOf(_source).Length);
    }

    [Fact(Timeout = Limit)]
    public async Task A_copy_has_a_time_of_its_own()
    {
        await MakeSourceAsync();
        var times = new List<TimeSpan>();
        _host.Libvirt.Watch = command => times.AddRange(command.Arguments[0] == "convert" ? [command.Timeout] : []);

        await CopyAsync();

        Assert.All(times, time => Assert.Equal(TimeSpan.FromMinutes(10), time));
    }

    [Fact(Timeout = Limit)]
    public async Task All_disks_are_measured_found_and_removed()
    {
        await MakeSourceAsync();
        await File.WriteAllTextAsync(Path.Combine(_host.Pool, $"{_source}.datax.qcow2"), "somebody's", Cancellation);

        var orphan = Assert.Single(await _host.Hypervisor.FindOrphansAsync(_ => false, Cancellation));

        Assert.Equal([".data0.qcow2", ".data1.qcow2", ".qcow2"], orphan.Files.Select(file => Path.GetFileName(file)[36..]));
        await _host.Hypervisor.RemoveDiskAsync(_source, Cancellation);
        Assert.Equal([".datax.qcow2"], FilesOf(_source).Select(file => Path.GetFileName(file)[36..]));
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private async Task MakeSourceAsync()
    {
        await _host.Hypervisor.CreateDiskAsync(_source, Image, 10, Cancellation);
        await _host.Hypervisor.CreateDataDiskAsync(_source, 0, 1, Cancellation);
        await _host.Hypervisor.CreateDataDiskAsync(_source, 1, 2, Cancellation);
        var disk = Path.Combine(_host.Pool, $"{_source}.qcow2");
        await FakeDisks.Write(disk, FakeDisks.Read(disk) with { Snapshots = ["one"] });
    }

    private Task CopyAsync() => _host.Hypervisor.CopyDisksAsync(_id, _source, 2, 20, Cancellation);

    private string[] FilesOf(Guid id) => Directory.GetFiles(_host.Pool, $"{id}*");

    private (long Size, string? Backing, int Snapshots) Look(string which)
    {
        var disk = FakeDisks.Read(Path.Combine(_host.Pool, $"{_id}{which}.qcow2"));
        return (disk.Size, disk.Backing, disk.Snapshots.Count);
    }
}
