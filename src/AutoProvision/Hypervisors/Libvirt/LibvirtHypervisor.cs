using AutoProvision.Images;
using AutoProvision.Vms;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>libvirt through its own tools: virt-install, virsh and qemu-img.</summary>
public sealed class LibvirtHypervisor(
    PoolPaths paths,
    PoolMeter meter,
    SeedImage seeds,
    DiskImage disks,
    DiskCopy copies,
    StrayTools strays,
    HostInspector inspector,
    DomainList domains,
    DomainMaker maker,
    DomainRemover remover,
    OrphanFinder orphans,
    GuestDiagnosis diagnosis,
    AddressFinder addresses,
    ConsoleFollower consoles,
    GuestAgentExec agent,
    TimeProvider time) : IHypervisor
{
    // A look starts two processes and writes a file; several monitors may ask each second. None that asks can end the look of the
    // others: its commands have a time limit each.
    private readonly SharedLookup<HostReport> _looks = new(() => Task.Run(() => inspector.InspectAsync(CancellationToken.None)), TimeSpan.FromSeconds(1), time);

    public Task<HostReport> InspectAsync(CancellationToken cancellation) => _looks.GetAsync(cancellation);

    public Task<HostRoom> MeasureAsync(CancellationToken cancellation) => Task.Run(meter.Measure, cancellation);

    public Task<IReadOnlyList<DomainInfo>> ListDomainsAsync(CancellationToken cancellation) => domains.ReadAsync(cancellation);

    public Task<IReadOnlyList<Orphan>> FindOrphansAsync(Func<Guid, bool> isKnown, CancellationToken cancellation) => orphans.FindAsync(isKnown, cancellation);

    public Task<Failure?> DiagnoseAsync(Guid id, CancellationToken cancellation) => diagnosis.DiagnoseAsync(id, cancellation);

    public Task<DomainInfo?> FindDomainAsync(string name, CancellationToken cancellation) => domains.FindAsync(name, cancellation);

    public Task CreateSeedAsync(Guid id, SeedFiles seed, CancellationToken cancellation) => PoolFailures.GuardAsync(paths.Directory, () =>
    {
        paths.Ensure();
        return seeds.WriteAsync(paths.Seed(id), paths.SeedFiles(id), seed, cancellation);
    });

    public async Task RemoveSeedAsync(Guid id, CancellationToken cancellation)
    {
        await strays.EndAsync(id, cancellation);
        SeedImage.RemoveFiles(paths.SeedFiles(id));
        PoolPaths.Remove(paths.Seed(id));
    }

    public Task CreateDiskAsync(Guid id, BaseImage image, int sizeGiB, CancellationToken cancellation) => PoolFailures.GuardAsync(paths.Directory, () =>
    {
        paths.Ensure();
        return disks.CreateAsync(paths.Disk(id), image, sizeGiB, cancellation);
    });

    public async Task RemoveDiskAsync(Guid id, CancellationToken cancellation)
    {
        await strays.EndAsync(id, cancellation);
        foreach (var disk in paths.Disks(id).ToList())
            PoolPaths.Remove(disk);
        await remover.EndLateAsync(id, cancellation);
    }

    public Task CreateDomainAsync(DomainSpec spec, CancellationToken cancellation) => maker.CreateAsync(spec, cancellation);

    public async Task RemoveDomainAsync(Guid id, IReadOnlyList<Nic> nics, CancellationToken cancellation)
    {
        await strays.EndAsync(id, cancellation);
        await remover.RemoveAsync(id, nics, cancellation);
    }

    public Task<string> WaitForAddressAsync(Guid id, Nic nic, CancellationToken cancellation) => addresses.WaitAsync(id, nic, cancellation);

    public Task<IReadOnlyList<string>> ListAddressesAsync(Guid id, IReadOnlyList<Nic> nics, CancellationToken cancellation) => addresses.ListAsync(id, nics, cancellation);

    public Task CreateDataDiskAsync(Guid id, int index, int sizeGiB, CancellationToken cancellation) => PoolFailures.GuardAsync(paths.Directory, () =>
    {
        paths.Ensure();
        return disks.CreateEmptyAsync(paths.DataDisk(id, index), sizeGiB, cancellation);
    });

    public Task CopyDisksAsync(Guid id, Guid source, int dataDisks, int sizeGiB, CancellationToken cancellation) => PoolFailures.GuardAsync(paths.Directory, () =>
    {
        paths.Ensure();
        return copies.CopyAsync(id, source, dataDisks, sizeGiB, cancellation);
    });

    public Task<string> ReadConsoleAsync(Guid id, int maxChars, CancellationToken cancellation) =>
        ConsoleLog.ReadTailAsync(paths.Console(id), maxChars, cancellation);

    public Task<string?> AskGuestAsync(Guid id, string script, CancellationToken cancellation) => agent.TryRunAsync(id, script, cancellation);

    public Task<byte[]?> ReadConsoleLinesAsync(Guid id, int lines, CancellationToken cancellation) => consoles.ReadAsync(id, lines, cancellation);

    public IAsyncEnumerable<ReadOnlyMemory<byte>> FollowConsoleAsync(Guid id, int lines, CancellationToken cancellation) => consoles.FollowAsync(id, lines, cancellation);
}
