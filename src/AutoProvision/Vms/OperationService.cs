using AutoProvision.Hypervisors;
using AutoProvision.Provisioning;
using AutoProvision.Provisioning.Operations;

namespace AutoProvision.Vms;

/// <summary>What is done to a VM that was made: power, sizes and snapshots. Each is queued as its <see cref="Vm.Operation"/>; there is one at a time.</summary>
public sealed class OperationService(VmService vms, VmStore store, IHypervisor hypervisor, JobQueue queue, SizeRules sizes, Admission admission, TimeProvider time)
{
    /// <summary>Each of them makes every later write to the disk dearer.</summary>
    private const int MostSnapshots = 64;

    /// <summary>Starts a stopped VM; one that runs stays as it is.</summary>
    /// <exception cref="FailureException"><c>vm_not_found</c>, <c>vm_state_conflict</c>, <c>vm_busy</c> or <c>memory_insufficient</c>.</exception>
    public async Task<Vm> StartAsync(string id, CancellationToken cancellation)
    {
        var room = await admission.MeasureAsync(cancellation);
        return Begin(id, OperationKind.Start, vm => vm.IsOn ? null : Admitted(vm, vm.Spec.MemoryMiB, room, new(OperationKind.Start, Now)));
    }

    /// <summary>Stops a VM; one whose domain is off stays so.</summary>
    /// <param name="id">The VM.</param>
    /// <param name="graceSeconds">How long its guest has to switch itself off; null is <see cref="PowerSwitch.DefaultGrace"/>.</param>
    /// <param name="cancellation">Ends the asking for its domain.</param>
    /// <exception cref="FailureException"><c>vm_not_found</c>, <c>vm_state_conflict</c> or <c>vm_busy</c>.</exception>
    public async Task<Vm> StopAsync(string id, int? graceSeconds, CancellationToken cancellation)
    {
        var isOn = await IsOnAsync(vms.Get(id), cancellation);
        return Begin(id, OperationKind.Stop, vm => vm.IsOn || isOn ? new(OperationKind.Stop, Now) { GraceSeconds = graceSeconds, WasRunning = true } : null);
    }

    // The domain of a stopped VM may just have been started by somebody else; or it is paused. Where nobody can tell, the operation will find out.
    private async Task<bool> IsOnAsync(Vm vm, CancellationToken cancellation)
    {
        try
        {
            return vm.IsOn || await hypervisor.IsOnAsync(vm.Id, cancellation);
        }
        catch (FailureException)
        {
            return true;
        }
    }

    /// <summary>Stops a VM and starts it again.</summary>
    /// <exception cref="FailureException">As <see cref="StopAsync"/> and <see cref="StartAsync"/>.</exception>
    public async Task<Vm> RestartAsync(string id, int? graceSeconds, CancellationToken cancellation)
    {
        var room = await admission.MeasureAsync(cancellation);
        return Begin(id, OperationKind.Restart, vm =>
        {
            var operation = new VmOperation(OperationKind.Restart, Now) { GraceSeconds = graceSeconds, WasRunning = vm.IsOn };
            return vm.IsOn ? operation : Admitted(vm, vm.Spec.MemoryMiB, room, operation);
        });
    }

    /// <summary>Changes sizes; a VM that runs is restarted for it. Nothing happens where it has them already.</summary>
    /// <exception cref="InvalidRequestException"/>
    /// <exception cref="FailureException">As <see cref="StopAsync"/>; also what <see cref="Admission"/> says of the larger VM.</exception>
    public async Task<Vm> ResizeAsync(string id, ResizeRequest request, IReadOnlyList<Fault> shape, CancellationToken cancellation)
    {
        var size = sizes.Complete(request, vms.Get(id).Spec, shape);
        var room = await admission.MeasureAsync(cancellation);
        return Begin(id, OperationKind.Resize, vm =>
        {
            if (size == vm.Spec.Size)
                return null;
            if (size.DiskGiB > vm.Spec.DiskGiB)
                admission.AdmitDisk(size.DiskGiB - vm.Spec.DiskGiB, store.List(), room);
            var operation = new VmOperation(OperationKind.Resize, Now) { Size = size, GraceSeconds = request.GraceSeconds, WasRunning = vm.IsOn };
            var more = size.MemoryMiB - vm.Spec.MemoryMiB;
            return vm.IsOn && more > 0 ? Admitted(vm: null, more, room, operation) : operation;
        });
    }

    /// <summary>Keeps a VM as it is now, with its memory where it runs.</summary>
    /// <exception cref="InvalidRequestException"/>
    /// <exception cref="FailureException">As <see cref="StopAsync"/>; also <c>snapshot_exists</c>, <c>snapshot_limit</c>, <c>disk_full</c>, <c>disk_insufficient</c>.</exception>
    public async Task<Vm> CreateSnapshotAsync(string id, SnapshotRequest request, IReadOnlyList<Fault> shape, CancellationToken cancellation)
    {
        var name = SnapshotRules.Complete(request, shape, Now);
        var isOn = await IsOnAsync(vms.Get(id), cancellation);
        var room = await admission.MeasureAsync(cancellation);
        return Begin(id, OperationKind.Snapshot, vm =>
        {
            if (vm.Snapshots.Any(it => it.Name == name))
                throw OperationFailures.SnapshotTaken(vm, name);
            if (vm.Snapshots.Count >= MostSnapshots)
                throw OperationFailures.TooManySnapshots(vm, MostSnapshots);
            // Its memory is written to the disk.
            admission.AdmitDisk(vm.IsOn || isOn ? vm.Spec.MemoryMiB / 1024 : 0, store.List(), room);
            return new(OperationKind.Snapshot, Now) { Snapshot = name, Description = request.Description, WasRunning = vm.IsOn };
        });
    }

    /// <exception cref="FailureException"><c>vm_not_found</c> or <c>snapshot_not_found</c>.</exception>
    public VmSnapshot GetSnapshot(string id, string name) => Find(vms.Get(id), name);

    /// <summary>Brings disks, memory, sizes and power back as they were.</summary>
    /// <exception cref="FailureException">As <see cref="StopAsync"/>; also <c>snapshot_not_found</c> and <c>memory_insufficient</c>.</exception>
    public async Task<Vm> RestoreAsync(string id, string name, CancellationToken cancellation)
    {
        var room = await admission.MeasureAsync(cancellation);
        return Begin(id, OperationKind.RestoreSnapshot, vm =>
        {
            var snapshot = Find(vm, name);
            var operation = new VmOperation(OperationKind.RestoreSnapshot, Now) { Snapshot = name, WasRunning = snapshot.IsRunning };
            if (snapshot.IsRunning && !vm.IsOn)
                return Admitted(vm, snapshot.Size.MemoryMiB, room, operation);
            var more = snapshot.Size.MemoryMiB - vm.Spec.MemoryMiB;
            return snapshot.IsRunning && more > 0 ? Admitted(vm: null, more, room, operation) : operation;
        });
    }

    /// <summary>Removes a snapshot; one that is not there is gone already.</summary>
    /// <exception cref="FailureException">As <see cref="StopAsync"/>.</exception>
    public Vm DeleteSnapshot(string id, string name) =>
        Begin(id, OperationKind.DeleteSnapshot, vm => vm.Snapshots.Any(it => it.Name == name) ? new(OperationKind.DeleteSnapshot, Now) { Snapshot = name, WasRunning = vm.IsOn } : null);

    private DateTimeOffset Now => time.GetUtcNow();

    private static VmSnapshot Find(Vm vm, string name) => vm.Snapshots.FirstOrDefault(it => it.Name == name) ?? throw OperationFailures.NoSnapshot(vm, name);

    private VmOperation Admitted(Vm? vm, int memoryMiB, HostRoom room, VmOperation operation)
    {
        admission.AdmitStart(memoryMiB, [.. store.List().Where(other => other.Id != vm?.Id)], room);
        return operation;
    }

    /// <param name="id">The VM.</param>
    /// <param name="kind">What is asked for.</param>
    /// <param name="plan">Makes the operation of the VM as it is, under the store's lock; null where nothing is to be done.</param>
    private Vm Begin(string id, OperationKind kind, Func<Vm, VmOperation?> plan)
    {
        var begun = false;
        var vm = store.Update(vms.Get(id).Id, it =>
        {
            if (!it.IsMade)
                throw OperationFailures.WrongState(it, kind);
            if (it.Operation is not null)
                throw OperationFailures.Busy(it);
            if (plan(it) is not { } operation)
                return it;
            begun = true;
            return it with { Operation = operation, OperationFailure = null };
        }, new VmEvent { Type = VmEventType.OperationStarted, Operation = kind });
        if (begun)
            queue.Operate(vm.Id);
        return vm;
    }
}
