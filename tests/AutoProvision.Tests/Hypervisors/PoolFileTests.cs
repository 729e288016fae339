using AutoProvision.Images;
using AutoProvision.Processes;
using AutoProvision.Vms;

namespace AutoProvision.Hypervisors;

/// <summary>The files of a VM: who may read them, and that they go.</summary>
public sealed class PoolFileTests : IAsyncDisposable
{
    private const int Limit = 30_000;
    private static readonly SeedFiles Seed = new("#cloud-config", "instance-id: x", NetworkConfig: null);
    private static readonly BaseImage Image = new("base", "/base.qcow2", "qcow2", 1, "debian");
    private readonly LibvirtHost _host = new();
    private readonly Guid _id = Guid.NewGuid();
    private readonly List<string> _modes = [];

    private string SeedDirectory => Path.Combine(_host.Pool, $"{_id}.seed.d");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limit)]
    public async Task Disk_and_seed_are_private_from_the_first_moment()
    {
        _host.Libvirt.Watch = NoteModes;

        await _host.Hypervisor.CreateSeedAsync(_id, Seed, Cancellation);
        await _host.Hypervisor.CreateDiskAsync(_id, Image, 10, Cancellation);
        NoteModes(null);

        Assert.Equal(["600", "600", "600", "600", "600"], _modes);
    }

    [Fact(Timeout = Limit)]
    public async Task A_file_that_was_left_open_to_all_is_made_anew()
    {
        Directory.CreateDirectory(_host.Pool);
        var disk = Path.Combine(_host.Pool, $"{_id}.qcow2");
        await File.WriteAllTextAsync(disk, "old", Cancellation);
        File.SetUnixFileMode(disk, UnixFileMode.UserRead | UnixFileMode.OtherRead);

        await _host.Hypervisor.CreateDiskAsync(_id, Image, 10, Cancellation);

        Assert.Equal("600", LibvirtHost.Mode(disk));
    }

    [Fact(Timeout = Limit)]
    public async Task Qemus_user_can_pass_through_the_pool_and_a_mode_that_the_operator_gave_it_stays()
    {
        await _host.Hypervisor.CreateSeedAsync(_id, Seed, Cancellation);
        Assert.Equal("751", LibvirtHost.Mode(_host.Pool));
        File.SetUnixFileMode(_host.Pool, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        await _host.Hypervisor.CreateDiskAsync(_id, Image, 10, Cancellation);

        Assert.Equal("700", LibvirtHost.Mode(_host.Pool));
    }

    [Fact(Timeout = Limit)]
    public async Task The_seeds_files_are_private_in_the_pool_and_gone_once_the_image_is_made()
    {
        var modes = new List<string>();
        _host.Libvirt.Watch = command => modes.AddRange(LibvirtHost.Mode(command.Arguments[^1]), command.Arguments[^1]);

        await _host.Hypervisor.CreateSeedAsync(_id, Seed, Cancellation);

        Assert.Equal(["700", SeedDirectory], modes);
        Assert.Equal([Path.Combine(_host.Pool, $"{_id}.seed.iso")], Directory.GetFileSystemEntries(_host.Pool));
    }

    [Fact(Timeout = Limit)]
    public async Task The_seeds_files_go_when_their_tool_fails_too()
    {
        _host.Libvirt.RefuseAt("xorriso", "no space");
        _host.Libvirt.RefuseAt("genisoimage", "no space");

        var failure = await Assert.ThrowsAsync<FailureException>(() => _host.Hypervisor.CreateSeedAsync(_id, Seed, Cancellation));

        Assert.Equal("seed_failed", failure.Code);
        Assert.False(Directory.Exists(SeedDirectory));
    }

    [Fact(Timeout = Limit)]
    public async Task What_a_killed_service_left_of_a_seed_goes_with_it()
    {
        Directory.CreateDirectory(SeedDirectory);
        await File.WriteAllTextAsync(Path.Combine(SeedDirectory, "user-data"), "secret", Cancellation);

        await _host.Hypervisor.RemoveSeedAsync(_id, Cancellation);
        await _host.Hypervisor.RemoveSeedAsync(_id, Cancellation);

        Assert.Empty(Directory.GetFileSystemEntries(_host.Pool));
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private void NoteModes(ProcessCommand? command) =>
        _modes.AddRange(Directory.GetFiles(_host.Pool, "*", SearchOption.TopDirectoryOnly).Select(LibvirtHost.Mode));
}
