using AutoProvision.Images;
using AutoProvision.Vms;

namespace AutoProvision.Hypervisors;

/// <summary>
/// What the pipeline needs of a hypervisor. Whatever is made carries the VM's id, and whatever removes takes that id only:
/// a name clash can never destroy what belongs to someone else. Removing what is not there is success.
/// </summary>
/// <remarks>Every method throws <see cref="FailureException"/>; <c>hypervisor_unavailable</c> when the hypervisor itself does not answer.</remarks>
public interface IHypervisor
{
    /// <summary>What the host has, what it lacks, and how VMs would run on it. Never throws for what it finds: that is in the report.</summary>
    Task<HostReport> InspectAsync(CancellationToken cancellation);

    /// <summary>How much memory and disk the host has and has left; cheap, asked at every request.</summary>
    Task<HostRoom> MeasureAsync(CancellationToken cancellation);

    /// <summary>Every domain, ours or not, and whether it runs.</summary>
    Task<IReadOnlyList<DomainInfo>> ListDomainsAsync(CancellationToken cancellation);

    /// <summary>What carries this service's mark and lies in its pool, but belongs to no VM it knows: domains and files alike.</summary>
    /// <param name="isKnown">Whether an id is that of a VM; asked after the hypervisor was.</param>
    /// <param name="cancellation">Ends the look.</param>
    Task<IReadOnlyList<Orphan>> FindOrphansAsync(Func<Guid, bool> isKnown, CancellationToken cancellation);

    /// <summary>
    /// What keeps a guest from ever answering: <c>guest_panicked</c> by its console, <c>guest_stopped</c> when its domain no longer
    /// runs, <c>domain_missing</c> when it is gone; null while it may still come up.
    /// </summary>
    Task<Failure?> DiagnoseAsync(Guid id, CancellationToken cancellation);

    /// <summary>The domain with this name, ours or not; null when there is none.</summary>
    Task<DomainInfo?> FindDomainAsync(string name, CancellationToken cancellation);

    /// <summary>Writes the NoCloud seed image.</summary>
    Task CreateSeedAsync(Guid id, SeedFiles seed, CancellationToken cancellation);

    Task RemoveSeedAsync(Guid id, CancellationToken cancellation);

    /// <summary>Makes the root disk: an overlay on the base image.</summary>
    Task CreateDiskAsync(Guid id, BaseImage image, int sizeGiB, CancellationToken cancellation);

    /// <summary>Removes the root disk and those beside it.</summary>
    Task RemoveDiskAsync(Guid id, CancellationToken cancellation);

    /// <summary>
    /// Defines and starts the domain on the disk and the seed that were made for the same id. May be called again where the
    /// hypervisor was unavailable meanwhile: a domain of this id that runs already is taken as it is.
    /// </summary>
    Task CreateDomainAsync(DomainSpec spec, CancellationToken cancellation);

    /// <summary>
    /// Stops and undefines the domain with its snapshots, removes its console log and gives its NICs' leases back. What is reserved
    /// for them stays reserved: <see cref="INetworks.ReleaseAddressAsync"/>.
    /// </summary>
    Task RemoveDomainAsync(Guid id, IReadOnlyList<Nic> nics, CancellationToken cancellation);

    /// <summary>Waits until this NIC of the guest has an IPv4 address; ends only by finding one or by cancellation.</summary>
    Task<string> WaitForAddressAsync(Guid id, Nic nic, CancellationToken cancellation);

    /// <summary>
    /// Every address that can be seen of these NICs now, IPv6 too, without link-local ones; the first NIC's come first, and of one
    /// NIC those of IPv4. A best effort: an IPv6 address that the guest makes up itself is known only where it runs QEMU's agent.
    /// </summary>
    Task<IReadOnlyList<string>> ListAddressesAsync(Guid id, IReadOnlyList<Nic> nics, CancellationToken cancellation);

    /// <summary>Makes an empty disk beside the root disk. <see cref="RemoveDiskAsync"/> removes it with the root disk.</summary>
    /// <param name="id">The VM.</param>
    /// <param name="index">From 0, in the order of <see cref="DomainSpec.Disks"/>.</param>
    /// <param name="sizeGiB">Size in GiB.</param>
    /// <param name="cancellation">Stops the tool.</param>
    Task CreateDataDiskAsync(Guid id, int index, int sizeGiB, CancellationToken cancellation);

    /// <summary>Makes this VM's disks as copies of another one's, whose domain must be off or paused; its snapshots are not copied. Where it fails it leaves none.</summary>
    /// <param name="id">The VM whose disks are made.</param>
    /// <param name="source">The VM whose disks are copied.</param>
    /// <param name="dataDisks">How many disks there are beside the root disk.</param>
    /// <param name="sizeGiB">Size of the new root disk; not less than the source's.</param>
    /// <param name="cancellation">Stops the tool.</param>
    Task CopyDisksAsync(Guid id, Guid source, int dataDisks, int sizeGiB, CancellationToken cancellation);

    /// <summary>The last <paramref name="maxChars"/> characters of the serial console; empty when there is none.</summary>
    Task<string> ReadConsoleAsync(Guid id, int maxChars, CancellationToken cancellation);

    /// <summary>Has the guest run a script as root and gives what it printed; null where there is no way in beside the network. A best effort, of a few seconds.</summary>
    Task<string?> AskGuestAsync(Guid id, string script, CancellationToken cancellation);

    /// <summary>The last lines of the serial console as they were written; null when there is no log.</summary>
    Task<byte[]?> ReadConsoleLinesAsync(Guid id, int lines, CancellationToken cancellation);

    /// <summary>The same, then whatever is written, as it comes, without gap or repeat; ends when the log is removed, at once when there is none.</summary>
    IAsyncEnumerable<ReadOnlyMemory<byte>> FollowConsoleAsync(Guid id, int lines, CancellationToken cancellation);
}

/// <param name="Id">The domain's UUID.</param>
/// <param name="Name">The domain's name.</param>
/// <param name="Power">Whether it runs.</param>
public sealed record DomainInfo(Guid Id, string Name, DomainPower Power = DomainPower.Running)
{
    /// <summary>Another number each time that the domain is started; null while it is off.</summary>
    public int? Run { get; init; }
}

/// <summary>What of libvirt's domain states matters here; a crashed one is stopped.</summary>
public enum DomainPower
{
    Running,
    Paused,

    /// <summary>Paused by QEMU itself, because the disk under it was full.</summary>
    PausedByDisk,
    Stopped,
}

/// <summary>Something of this service's making that no VM accounts for.</summary>
/// <param name="Id">The id it carries.</param>
/// <param name="Name">Name of its domain; null when there are only files.</param>
/// <param name="Power">State of its domain; null when there are only files.</param>
/// <param name="Mac">MAC address of its domain's NIC, by which its lease is known.</param>
/// <param name="Files">Its files, by their full paths.</param>
public sealed record Orphan(Guid Id, string? Name, DomainPower? Power, string? Mac, IReadOnlyList<string> Files)
{
    /// <summary>Its domain's NICs, whose leases and reserved addresses go with it; none when there are only files.</summary>
    public IReadOnlyList<Nic> Nics { get; init; } = [];
}

/// <param name="MemoryTotalMiB">Memory of the host.</param>
/// <param name="MemoryAvailableMiB">What could be given to new processes now (MemAvailable).</param>
/// <param name="DiskFreeMiB">Free space where the disks are.</param>
/// <param name="DiskUsedMiB">What the VMs' disks take up there; they grow up to their size.</param>
public sealed record HostRoom(long MemoryTotalMiB, long MemoryAvailableMiB, long DiskFreeMiB, long DiskUsedMiB);

/// <summary>The texts of a NoCloud seed.</summary>
/// <param name="UserData">cloud-config.</param>
/// <param name="MetaData">instance-id and local-hostname.</param>
/// <param name="NetworkConfig">Version 1 or 2 network-config; null leaves the file out.</param>
public sealed record SeedFiles(string UserData, string MetaData, string? NetworkConfig)
{
    // The user-data holds the guest's private host key.
    public override string ToString() => nameof(SeedFiles);
}

/// <param name="Id">The VM's id, which becomes the domain's UUID.</param>
/// <param name="Name">The domain's name.</param>
/// <param name="Cpus">Virtual CPUs.</param>
/// <param name="MemoryMiB">Memory in MiB.</param>
/// <param name="Nics">One or more.</param>
/// <param name="Disks">Serial numbers of the disks beside the root disk, as <see cref="IHypervisor.CreateDataDiskAsync"/> made them.</param>
public sealed record DomainSpec(Guid Id, string Name, int Cpus, int MemoryMiB, IReadOnlyList<Nic> Nics, IReadOnlyList<string> Disks)
{
    /// <summary>How long making it may take; null leaves that to the hypervisor's settings.</summary>
    public TimeSpan? Limit { get; init; }
}

/// <param name="Mac">MAC address, lower case with colons.</param>
/// <param name="Network">libvirt network that it is attached to; null is the service's own.</param>
public sealed record Nic(string Mac, string? Network = null);
