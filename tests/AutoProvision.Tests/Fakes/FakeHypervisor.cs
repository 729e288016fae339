using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using AutoProvision.Hypervisors;
using AutoProvision.Hypervisors.Libvirt;
using AutoProvision.Images;
using AutoProvision.Vms;

namespace AutoProvision.Fakes;

/// <summary>
/// A hypervisor in memory that behaves as the contract says: it keeps what was made, refuses what cannot be, and forgets what
/// was removed. Each method passes a fault point of its own name before it acts and one with <see cref="Done"/> behind it after.
/// Given a file, it keeps everything there, so that domains run on while the service is dead.
/// </summary>
internal sealed partial class FakeHypervisor : IHypervisor
{
    private readonly FakeHypervisorFile? _file;
    private int _lastAddress = 1;
    private int _lastRun;

    public FakeHypervisor(string? file = null)
    {
        _file = file is null ? null : new FakeHypervisorFile(file);
        if (_file?.Load() is not { } state)
            return;
        _lastAddress = state.LastAddress;
        Domains = new(state.Domains.ToDictionary(domain => domain.Info.Id));
        (Seeds, Disks, Leases, Consoles) = (new(state.Seeds), new(state.Disks), new(state.Leases), new(state.Consoles));
        (DataDisks, Reservations) = (new(state.DataDisks), new(state.Reservations));
        Snapshots = new(state.Snapshots.ToDictionary(snapshot => (snapshot.Vm, snapshot.Name)));
    }

    public FaultPoints Faults { get; } = new();

    public FakeDomainEvents Events { get; } = new();

    /// <summary>The daemon does not answer.</summary>
    public bool IsDown { get; set; }

    public ConcurrentDictionary<Guid, FakeDomain> Domains { get; } = new();

    public ConcurrentDictionary<Guid, SeedFiles> Seeds { get; } = new();

    public ConcurrentDictionary<Guid, int> Disks { get; } = new();

    /// <summary>Sizes of the disks beside the root disk.</summary>
    public ConcurrentDictionary<Guid, List<int>> DataDisks { get; } = new();

    /// <summary>MAC to address.</summary>
    public ConcurrentDictionary<string, string> Leases { get; } = new();

    public ConcurrentDictionary<Guid, string> Consoles { get; } = new();

    /// <summary>Everything that is there, one line a thing; what a test compares before and after.</summary>
    public IReadOnlyList<string> Inventory =>
    [
        .. Domains.Values.Select(domain => $"domain {domain.Info.Id} {domain.Info.Name}").Order(),
        .. Seeds.Keys.Select(id => $"seed {id}").Order(),
        .. Disks.Keys.Select(id => $"disk {id}").Order(),
        .. DataDisks.SelectMany(disks => disks.Value.Select((_, index) => $"data disk {disks.Key} {index}")).Order(),
        .. Reservations.Select(kept => $"reservation {kept.Key} {kept.Value}").Order(),
        .. Snapshots.Keys.Select(snapshot => $"snapshot {snapshot.Vm} {snapshot.Name}").Order(),
        .. Leases.Select(lease => $"lease {lease.Key} {lease.Value}").Order(),
        .. Consoles.Keys.Select(id => $"console {id}").Order(),
    ];

    public static string Done(string method) => $"{method} done";

    /// <summary>A domain that somebody else made.</summary>
    public DomainInfo AddForeign(string name)
    {
        var info = new DomainInfo(Guid.NewGuid(), name);
        Domains[info.Id] = new FakeDomain(info, "52:54:00:ff:ff:ff", IsOurs: false);
        return info;
    }

    public async Task<HostReport> InspectAsync(CancellationToken cancellation)
    {
        await Faults.PassAsync(nameof(InspectAsync), cancellation);
        return FakeHostReport.Make(IsDown ? [Unavailable] : []);
    }

    /// <summary>What the host has; a test makes it small.</summary>
    public HostRoom Room { get; set; } = new(65536, 65536, 1024 * 1024, 0);

    public Task<HostRoom> MeasureAsync(CancellationToken cancellation) => Task.FromResult(Room);

    public Task<IReadOnlyList<DomainInfo>> ListDomainsAsync(CancellationToken cancellation) =>
        ActAsync<IReadOnlyList<DomainInfo>>(nameof(ListDomainsAsync), () => [.. Domains.Values.Select(domain => domain.Info)], cancellation);

    public Task<IReadOnlyList<Orphan>> FindOrphansAsync(Func<Guid, bool> isKnown, CancellationToken cancellation) =>
        ActAsync<IReadOnlyList<Orphan>>(nameof(FindOrphansAsync), () =>
        [
            .. Domains.Values.Where(domain => domain.IsOurs).Select(domain => domain.Info.Id).Concat(Seeds.Keys).Concat(Disks.Keys).Concat(Consoles.Keys)
                .Distinct().Where(id => !isKnown(id) && (!Domains.TryGetValue(id, out var domain) || domain.IsOurs)).Select(DescribeOrphan),
        ], cancellation);

    public Task<Failure?> DiagnoseAsync(Guid id, CancellationToken cancellation) => ActAsync(nameof(DiagnoseAsync), () => true switch
    {
        _ when Consoles.GetValueOrDefault(id, "").Contains("Kernel panic", StringComparison.Ordinal) => new Failure("guest_panicked", "The guest's kernel panicked.", "See the console."),
        _ when !Domains.TryGetValue(id, out var domain) => new Failure("domain_missing", "The domain is gone.", "Somebody removed it."),
        _ when Domains[id].Info.Power == DomainPower.Stopped => new Failure("guest_stopped", "The guest switched itself off.", "See the console."),
        _ => null,
    }, cancellation);

    /// <summary>Somebody switches a domain on or off behind the service's back.</summary>
    public FakeDomain SetPower(Guid id, DomainPower power) => Domains[id] = Domains[id] with { Info = Domains[id].Info with { Power = power, Run = power == DomainPower.Stopped ? null : Domains[id].Info.Run ?? NextRun() } };

    public Task<DomainInfo?> FindDomainAsync(string name, CancellationToken cancellation) =>
        ActAsync(nameof(FindDomainAsync), () => Domains.Values.FirstOrDefault(domain => domain.Info.Name == name)?.Info, cancellation);

    public Task CreateSeedAsync(Guid id, SeedFiles seed, CancellationToken cancellation) =>
        ActAsync(nameof(CreateSeedAsync), () => Seeds[id] = seed, cancellation);

    public Task RemoveSeedAsync(Guid id, CancellationToken cancellation) =>
        ActAsync(nameof(RemoveSeedAsync), () => Seeds.TryRemove(id, out _), cancellation);

    public Task CreateDiskAsync(Guid id, BaseImage image, int sizeGiB, CancellationToken cancellation) =>
        ActAsync(nameof(CreateDiskAsync), () => Disks[id] = sizeGiB, cancellation);

    public Task RemoveDiskAsync(Guid id, CancellationToken cancellation) =>
        ActAsync(nameof(RemoveDiskAsync), () => Disks.TryRemove(id, out _) | DataDisks.TryRemove(id, out _), cancellation);

    public Task CreateDataDiskAsync(Guid id, int index, int sizeGiB, CancellationToken cancellation) => ActAsync(nameof(CreateDataDiskAsync), () =>
    {
        var disks = DataDisks.GetOrAdd(id, _ => []);
        if (index < disks.Count)
            disks.RemoveAt(index);
        disks.Insert(index, sizeGiB);
        return disks;
    }, cancellation);

    public Task CopyDisksAsync(Guid id, Guid source, int dataDisks, int sizeGiB, CancellationToken cancellation) => ActAsync(nameof(CopyDisksAsync), () =>
    {
        if (Domains.TryGetValue(source, out var domain) && domain.Info.Power == DomainPower.Running)
            throw Refused("Failed to get shared lock on the disk of a guest that runs");
        if (!Disks.ContainsKey(source) || DataDisks.GetValueOrDefault(source, []).Count != dataDisks)
            throw Refused("Cannot access storage file");
        DataDisks[id] = [.. DataDisks.GetValueOrDefault(source, [])];
        return Disks[id] = sizeGiB;
    }, cancellation);

    /// <summary>Shown every domain that is asked for, before anything comes of it.</summary>
    public Action<DomainSpec>? Creating { get; set; }

    public Task CreateDomainAsync(DomainSpec spec, CancellationToken cancellation)
    {
        Creating?.Invoke(spec);
        return ActAsync(nameof(CreateDomainAsync), () => Start(spec), cancellation);
    }

    public Task RemoveDomainAsync(Guid id, IReadOnlyList<Nic> nics, CancellationToken cancellation) => ActAsync(nameof(RemoveDomainAsync), () =>
    {
        Domains.TryRemove(id, out _);
        foreach (var nic in nics)
            Leases.TryRemove(nic.Mac, out _);
        foreach (var snapshot in Snapshots.Keys.Where(snapshot => snapshot.Vm == id))
            Snapshots.TryRemove(snapshot, out _);
        return Consoles.TryRemove(id, out _);
    }, cancellation);

    public Task<string> WaitForAddressAsync(Guid id, Nic nic, CancellationToken cancellation) => ActAsync(nameof(WaitForAddressAsync), () =>
    {
        if (!Domains.ContainsKey(id))
            throw Refused($"no domain {id}");
        return Lease(nic.Mac);
    }, cancellation);

    public Task<IReadOnlyList<string>> ListAddressesAsync(Guid id, IReadOnlyList<Nic> nics, CancellationToken cancellation) =>
        ActAsync<IReadOnlyList<string>>(nameof(ListAddressesAsync), () => [.. nics.Select(nic => Lease(nic.Mac))], cancellation);

    /// <summary>What the guest's agent says to any script; null where it has none.</summary>
    public string? AgentAnswer { get; set; }

    public Task<string?> AskGuestAsync(Guid id, string script, CancellationToken cancellation) => ActAsync(nameof(AskGuestAsync), () => Domains.ContainsKey(id) ? AgentAnswer : null, cancellation);

    public Task<string> ReadConsoleAsync(Guid id, int maxChars, CancellationToken cancellation) => ActAsync(nameof(ReadConsoleAsync), () =>
    {
        var text = Consoles.GetValueOrDefault(id, "");
        return text.Length <= maxChars ? text : text[^maxChars..];
    }, cancellation, needsDaemon: false);

    public Task<byte[]?> ReadConsoleLinesAsync(Guid id, int lines, CancellationToken cancellation) => ActAsync(nameof(ReadConsoleLinesAsync), () =>
        Consoles.TryGetValue(id, out var text) ? ConsoleLog.LastLines(Encoding.UTF8.GetBytes(text), lines).ToArray() : null, cancellation, needsDaemon: false);

    /// <summary>Looks at the text again every 20 ms of real time.</summary>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> FollowConsoleAsync(Guid id, int lines, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        var at = -1;
        while (Consoles.TryGetValue(id, out var text))
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            at = at < 0 ? bytes.Length - ConsoleLog.LastLines(bytes, lines).Length : at;
            if (bytes.Length > at)
                yield return bytes.AsMemory(at);
            at = bytes.Length;
            await timer.WaitForNextTickAsync(cancellation);
        }
    }

    // Of those that run: libvirt counts on from the largest when it is started anew.
    private int NextRun() => _lastRun = Math.Max(_lastRun, Domains.Values.Max(domain => domain.Info.Run) ?? 0) + 1;

    private string Lease(string mac) => Leases.GetOrAdd(mac, _ => Reservations.GetValueOrDefault(mac) ?? $"192.0.2.{Interlocked.Increment(ref _lastAddress)}");

    private Orphan DescribeOrphan(Guid id)
    {
        var domain = Domains.GetValueOrDefault(id);
        string[] files = [.. Disks.Keys.Where(it => it == id).Select(_ => $"/pool/{id}.qcow2"), .. Seeds.Keys.Where(it => it == id).Select(_ => $"/pool/{id}.seed.iso"), .. Consoles.Keys.Where(it => it == id).Select(_ => $"/pool/{id}.console.log")];
        return new Orphan(id, domain?.Info.Name, domain?.Info.Power, domain?.Mac, files) { Nics = domain is null ? [] : domain.Spec?.Nics ?? [new Nic(domain.Mac)] };
    }

    private static Failure Unavailable => new("hypervisor_unavailable", "libvirt does not answer at qemu:///fake.", "Start it.");

    private static FailureException Refused(string why) => new("hypervisor_refused", "virsh failed with exit code 1.", "The evidence says why.", why);

    // As libvirt does: names and ids are unique, and both disks must be there. One that runs already is taken over.
    private FakeDomain Start(DomainSpec spec)
    {
        if (Domains.TryGetValue(spec.Id, out var there) && there.Info.Power == DomainPower.Running)
            return there;
        if (Domains.Values.Any(domain => domain.Info.Name == spec.Name || domain.Info.Id == spec.Id))
            throw Refused($"domain '{spec.Name}' already exists");
        if (!Disks.ContainsKey(spec.Id) || !Seeds.ContainsKey(spec.Id))
            throw Refused("Cannot access storage file");
        Consoles[spec.Id] = $"{spec.Name} login: ";
        return Domains[spec.Id] = new FakeDomain(new DomainInfo(spec.Id, spec.Name) { Run = NextRun() }, spec.Nics[0].Mac) { Spec = spec };
    }

    private async Task<T> ActAsync<T>(string method, Func<T> act, CancellationToken cancellation, bool needsDaemon = true)
    {
        await Faults.PassAsync(method, cancellation);
        if (IsDown && needsDaemon)
            throw new FailureException(Unavailable);
        var result = act();
        _file?.Save(() => new FakeHypervisorState(Volatile.Read(ref _lastAddress), [.. Domains.Values], new(Seeds), new(Disks), new(Leases), new(Consoles),
            new(DataDisks), new(Reservations), [.. Snapshots.Values]));
        await Faults.PassAsync(Done(method), cancellation);
        return result;
    }
}

internal sealed record FakeDomain(DomainInfo Info, string Mac, bool IsOurs = true)
{
    /// <summary>As it was made, or resized since.</summary>
    public DomainSpec? Spec { get; init; }
}
