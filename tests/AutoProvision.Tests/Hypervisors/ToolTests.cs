using System.Text;
using AutoProvision.Images;
using AutoProvision.Vms;

namespace AutoProvision.Hypervisors;

/// <summary>Tools that run out of room, and tools that say all is well and have made something else.</summary>
public sealed class ToolTests : IAsyncDisposable
{
    private const int Limit = 30_000;
    private readonly LibvirtHost _host = new();
    private readonly Guid _id = Guid.NewGuid();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory(Timeout = Limit)]
    // The first two are what qemu-img 7.2 and xorriso 1.5.4 said on a full tmpfs.
    [InlineData("qemu-img: /pool/x.qcow2: Could not write refcount table: No space left on device", "disk_full")]
    [InlineData("xorriso : FAILURE : Image size 186s exceeds free space on media 50s", "disk_full")]
    [InlineData("genisoimage: No space left on device. cannot fwrite 2048*1", "disk_full")]
    [InlineData("Could not write qcow2 header: Disk quota exceeded", "disk_full")]
    [InlineData("Could not open backing file: Permission denied", null)]
    public async Task A_full_disk_is_told_from_other_troubles(string error, string? code)
    {
        foreach (var tool in new[] { "qemu-img", "xorriso", "genisoimage" })
            _host.Libvirt.RefuseAt(tool, error);

        var (disk, seed) = (await FailAsync(CreateDiskAsync), await FailAsync(CreateSeedAsync));

        Assert.Equal((code ?? "disk_failed", code ?? "seed_failed"), (disk.Code, seed.Code));
        Assert.All([disk, seed], failure => Assert.Contains(error, failure.Evidence, StringComparison.Ordinal));
    }

    [Theory(Timeout = Limit)]
    [InlineData("")]
    [InlineData("QFI")]
    [InlineData("lorem ipsum")]
    public async Task What_is_no_qcow2_is_no_disk(string content)
    {
        Makes(Encoding.ASCII.GetBytes(content));

        Assert.Equal(("disk_failed", "lorem"), Short(await FailAsync(CreateDiskAsync)));
    }

    [Theory(Timeout = Limit)]
    [InlineData("")]
    [InlineData("CD001")]
    [InlineData("CD001 nothing")]
    [InlineData("CD001 no label:                         CIDATA")]
    [InlineData("XX001 no label:                         cidata                          ")]
    public async Task What_is_no_image_labelled_cidata_is_no_seed(string descriptor)
    {
        Makes([.. new byte[32769], .. Encoding.ASCII.GetBytes(descriptor)]);

        Assert.Equal(("seed_failed", "lorem"), Short(await FailAsync(CreateSeedAsync)));
    }

    [Theory(Timeout = Limit)]
    [InlineData("version")]
    [InlineData("net-info")]
    public async Task The_preflight_notices_rubbish(string command)
    {
        _host.Libvirt.AnswerAt(command, (_, _) => FakeLibvirt.Answer("lorem ipsum\n"));

        var report = await _host.Hypervisor.InspectAsync(Cancellation);

        Assert.Single(report.Problems, problem => problem.Code == "hypervisor_garbled" && problem.Evidence == "lorem ipsum");
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private static async Task<Failure> FailAsync(Func<Task> act) => (await Assert.ThrowsAsync<FailureException>(act)).Failure;

    private static (string Code, string? Evidence) Short(Failure failure) => (failure.Code, failure.Evidence);

    private Task CreateDiskAsync() => _host.Hypervisor.CreateDiskAsync(_id, new BaseImage("base", "/base.qcow2", "qcow2", 1, "debian"), 10, Cancellation);

    private Task CreateSeedAsync() => _host.Hypervisor.CreateSeedAsync(_id, new SeedFiles("#cloud-config", "instance-id: x", NetworkConfig: null), Cancellation);

    // Each tool's output file is the one of its arguments that is there already, empty: the service makes it first.
    private void Makes(byte[] content)
    {
        foreach (var tool in new[] { "qemu-img", "xorriso", "genisoimage" })
        {
            _host.Libvirt.AnswerAt(tool, (command, _) =>
            {
                File.WriteAllBytes(command.Arguments.Single(File.Exists), content);
                return FakeLibvirt.Answer("lorem");
            });
        }
    }
}
