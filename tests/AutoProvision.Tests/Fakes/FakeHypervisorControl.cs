using System.Collections.Concurrent;
using AutoProvision.Hypervisors;
using AutoProvision.Vms;

namespace AutoProvision.Fakes;

/// <summary>Power, sizes and snapshots, as the contract says.</summary>
internal sealed partial class FakeHypervisor : IDomainControl
{
    public ConcurrentDictionary<(Guid Vm, string Name), FakeSnapshot> Snapshots { get; } = new();

    /// <summary>A guest that does not heed what it is asked.</summary>
    public bool IgnoresShutDown { get; set; }

    public int TimesAskedToShutDown { get; private set; }

    public Task StartAsync(Guid id, CancellationToken cancellation) => ControlAsync(nameof(StartAsync), id,
        () => Domains[id].Info.Power == DomainPower.Stopped ? SetPower(id, DomainPower.Running) : Domains[id], cancellation);

    public Task AskToShutDownAsync(Guid id, CancellationToken cancellation) =>
        ControlAsync(nameof(AskToShutDownAsync), id, () =>
        {
            TimesAskedToShutDown++;
            return IgnoresShutDown ? Domains[id] : SetPower(id, DomainPower.Stopped);
        }, cancellation);

    public Task SwitchOffAsync(Guid id, CancellationToken cancellation) => ControlAsync(nameof(SwitchOffAsync), id, () => SetPower(id, DomainPower.Stopped), cancellation);

    public Task PauseAsync(Guid id, CancellationToken cancellation) => ControlAsync(nameof(PauseAsync), id, () => SetPower(id, DomainPower.Paused), cancellation);

    public Task ResumeAsync(Guid id, CancellationToken cancellation) => ControlAsync(nameof(ResumeAsync), id,
        () => Domains[id].Info.Power == DomainPower.Stopped ? throw Refused("Requested operation is not valid: domain is not running") : SetPower(id, DomainPower.Running), cancellation);

    public Task ResizeAsync(Guid id, VmSize size, CancellationToken cancellation) => ControlAsync(nameof(ResizeAsync), id, () =>
    {
        if (Domains[id].Info.Power != DomainPower.Stopped || Disks[id] > size.DiskGiB)
            throw Refused("Operation not supported: the domain runs, or the disk would shrink");
        return SetSize(id, size);
    }, cancellation);

    public Task CreateSnapshotAsync(Guid id, string name, CancellationToken cancellation) => ControlAsync(nameof(CreateSnapshotAsync), id, () =>
    {
        var spec = Domains[id].Spec!;
        return Snapshots[(id, name)] = new FakeSnapshot(id, name, Domains[id].Info.Power, new VmSize(spec.Cpus, spec.MemoryMiB, Disks[id]));
    }, cancellation);

    public Task RestoreSnapshotAsync(Guid id, string name, CancellationToken cancellation) => ControlAsync(nameof(RestoreSnapshotAsync), id, () =>
    {
        var snapshot = Snapshots.GetValueOrDefault((id, name)) ?? throw Refused($"Domain snapshot not found: no domain snapshot with matching name '{name}'");
        // By force: another QEMU.
        SetPower(id, DomainPower.Stopped);
        SetPower(id, snapshot.Power);
        return SetSize(id, snapshot.Size);
    }, cancellation);

    public Task RemoveSnapshotAsync(Guid id, string name, CancellationToken cancellation) =>
        ControlAsync(nameof(RemoveSnapshotAsync), id, () => Snapshots.TryRemove((id, name), out _), cancellation);

    private FakeDomain SetSize(Guid id, VmSize size)
    {
        Disks[id] = size.DiskGiB;
        return Domains[id] = Domains[id] with { Spec = Domains[id].Spec! with { Cpus = size.Cpus, MemoryMiB = size.MemoryMiB } };
    }

    private Task<T> ControlAsync<T>(string method, Guid id, Func<T> act, CancellationToken cancellation) => ActAsync(method, () =>
        Domains.ContainsKey(id) ? act() : throw new FailureException("domain_missing", $"There is no domain {id}.", "Somebody removed it."), cancellation);
}

internal sealed record FakeSnapshot(Guid Vm, string Name, DomainPower Power, VmSize Size);
