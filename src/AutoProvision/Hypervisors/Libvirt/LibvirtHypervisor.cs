using AutoProvision.Images;
using AutoProvision.Processes;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>libvirt through its own tools: virt-install, virsh and qemu-img.</summary>
public sealed class LibvirtHypervisor(
    Virsh virsh,
    IProcessRunner processes,
    PoolPaths paths,
    SeedImage seeds,
    Accelerator accelerator,
    HostInspector inspector,
    AddressFinder addresses,
    LeaseBook leases,
    DomainList domains,
    OrphanFinder orphans,
    GuestDiagnosis diagnosis,
    PoolMeter meter,
    IOptions<LibvirtOptions> options) : IHypervisor
{
    public Task<HostReport> InspectAsync(CancellationToken cancellation) => inspector.InspectAsync(cancellation);

    public Task<HostRoom> MeasureAsync(CancellationToken cancellation) => Task.Run(meter.Measure, cancellation);

    public Task<IReadOnlyList<DomainInfo>> ListDomainsAsync(CancellationToken cancellation) => domains.ReadAsync(cancellation);

    public Task<IReadOnlyList<Orphan>> FindOrphansAsync(Func<Guid, bool> isKnown, CancellationToken cancellation) => orphans.FindAsync(isKnown, cancellation);

    public Task<Failure?> DiagnoseAsync(Guid id, CancellationToken cancellation) => diagnosis.DiagnoseAsync(id, cancellation);

    public async Task ResumeAsync(Guid id, CancellationToken cancellation)
    {
        var result = await virsh.TryAsync(cancellation, "resume", id.ToString());
        if (!result.Succeeded && !result.Error.Contains("domain is already running", StringComparison.Ordinal))
            throw Virsh.Refused("virsh resume", result);
    }

    public Task<DomainInfo?> FindDomainAsync(string name, CancellationToken cancellation) => domains.FindAsync(name, cancellation);

    public Task CreateSeedAsync(Guid id, SeedFiles seed, CancellationToken cancellation) => PoolFailures.GuardAsync(paths.Directory, () =>
    {
        paths.Ensure();
        return seeds.WriteAsync(paths.Seed(id), paths.SeedFiles(id), seed, cancellation);
    });

    public Task RemoveSeedAsync(Guid id, CancellationToken cancellation)
    {
        SeedImage.RemoveFiles(paths.SeedFiles(id));
        return RemoveFile(paths.Seed(id));
    }

    public Task CreateDiskAsync(Guid id, BaseImage image, int sizeGiB, CancellationToken cancellation) => PoolFailures.GuardAsync(paths.Directory, async () =>
    {
        paths.Ensure();
        // It will hold the private host key and the caller's files. qemu-img keeps the mode of a file that is there.
        PrivateFile.Create(paths.Disk(id));
        var result = await processes.RunAsync(new ProcessCommand("qemu-img",
            "create", "-q", "-f", "qcow2", "-b", image.Path, "-F", image.Format, paths.Disk(id), $"{sizeGiB}G"), cancellation);
        if (!result.Succeeded)
            throw new FailureException("disk_failed", "qemu-img could not make the overlay disk.",
                "See that the pool directory has space and that the base image is whole.", result.Evidence);
    });

    public Task RemoveDiskAsync(Guid id, CancellationToken cancellation) => RemoveFile(paths.Disk(id));

    public async Task CreateDomainAsync(DomainSpec spec, CancellationToken cancellation)
    {
        await PoolFailures.GuardAsync(paths.Directory, () => CreateConsoleLogAsync(spec.Id));
        var arguments = VirtInstall.Arguments(spec, paths, options.Value, accelerator.Decide());
        // Not cancelled half-way: libvirt would finish the domain behind our back, after the undo had looked for it.
        var result = await processes.RunAsync(new ProcessCommand("virt-install", arguments) { Timeout = options.Value.CreateTimeout }, CancellationToken.None);
        ConnectionTroubles.ThrowIfDisconnected(result, options.Value.Uri);
        if (!result.Succeeded)
            throw Virsh.Refused("virt-install", result);
    }

    public async Task RemoveDomainAsync(Guid id, string mac, CancellationToken cancellation)
    {
        await virsh.TryAsync(cancellation, "destroy", id.ToString());
        await virsh.TryAsync(cancellation, "undefine", id.ToString(), "--managed-save", "--snapshots-metadata", "--checkpoints-metadata", "--nvram");
        if (await domains.HasAsync(id, cancellation))
            throw new FailureException("domain_not_removed", $"The domain {id} is still there after destroy and undefine.", "Look at libvirt's log; DELETE tries again.");
        await leases.ReleaseAsync(mac, cancellation);
        await RemoveFile(paths.Console(id));
    }

    public Task<string> WaitForAddressAsync(Guid id, string mac, CancellationToken cancellation) => addresses.WaitAsync(id, mac, cancellation);

    public Task<string> ReadConsoleAsync(Guid id, int maxChars, CancellationToken cancellation) =>
        ConsoleLog.ReadTailAsync(paths.Console(id), maxChars, cancellation);

    // Made by us first: virtlogd would make it readable by root alone, and the service need not be root.
    private async Task CreateConsoleLogAsync(Guid id)
    {
        paths.Ensure();
        await using var file = File.Open(paths.Console(id), new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead,
        });
    }

    private static Task RemoveFile(string path)
    {
        if (File.Exists(path))
            File.Delete(path);
        return Task.CompletedTask;
    }
}
