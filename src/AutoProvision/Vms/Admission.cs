using System.Globalization;
using AutoProvision.Hypervisors;
using Microsoft.Extensions.Options;

namespace AutoProvision.Vms;

/// <summary>Refuses a VM that the host has no room for, with the figures; asked anew at every request, so it heals by itself.</summary>
public sealed class Admission(IHypervisor hypervisor, IOptions<AdmissionOptions> options)
{
    private const long MiBPerGiB = 1024;

    /// <summary>Measures the host; what <see cref="Admit"/> makes of it takes no time and can be asked under a lock.</summary>
    public Task<HostRoom> MeasureAsync(CancellationToken cancellation) => hypervisor.MeasureAsync(cancellation);

    /// <summary>Whether a VM that is off may be started: its memory is not taken now.</summary>
    /// <exception cref="FailureException"><c>memory_insufficient</c>.</exception>
    public void AdmitStart(int memoryMiB, IReadOnlyCollection<Vm> others, HostRoom room) => CheckMemory(memoryMiB, others, room, options.Value);

    /// <summary>Whether a disk may grow by so much.</summary>
    /// <exception cref="FailureException"><c>disk_full</c> or <c>disk_insufficient</c>.</exception>
    public void AdmitDisk(int moreGiB, IReadOnlyCollection<Vm> vms, HostRoom room) => CheckDisk(moreGiB, vms, room, options.Value);

    /// <inheritdoc cref="Check"/>
    public void Admit(VmSpec wanted, IReadOnlyCollection<Vm> vms, HostRoom room) => Check(wanted, vms, room, options.Value);

    /// <param name="wanted">The VM that is asked for.</param>
    /// <param name="vms">All VMs there are.</param>
    /// <param name="room">The host, as it was measured.</param>
    /// <param name="options">How much may be promised.</param>
    /// <exception cref="FailureException"><c>disk_full</c>, <c>disk_insufficient</c> or <c>memory_insufficient</c>.</exception>
    public static void Check(VmSpec wanted, IReadOnlyCollection<Vm> vms, HostRoom room, AdmissionOptions options)
    {
        CheckDisk(wanted.AllDisksGiB, vms, room, options);
        CheckMemory(wanted.MemoryMiB, vms, room, options);
    }

    private static void CheckDisk(int wantedGiB, IReadOnlyCollection<Vm> vms, HostRoom room, AdmissionOptions options)
    {
        if (room.DiskFreeMiB < options.MinFreeDiskMiB)
            throw new FailureException("disk_full", $"The disk with the VMs' files has {room.DiskFreeMiB} MiB left; {options.MinFreeDiskMiB} MiB have to stay free.",
                "Free space on it or delete VMs; Admission:MinFreeDiskMiB sets the limit.");
        var held = vms.Where(HoldsDisk).Sum(vm => (vm.Spec.AllDisksGiB + Math.Max(0, (vm.Operation?.Size ?? vm.Spec.Size).DiskGiB - vm.Spec.DiskGiB)) * MiBPerGiB);
        // What the disks take up already is no longer free.
        var toCome = Math.Max(0, held - room.DiskUsedMiB);
        var most = room.DiskFreeMiB * options.DiskOvercommit;
        if (wantedGiB * MiBPerGiB + toCome <= most)
            return;
        throw new FailureException("disk_insufficient",
            Text($"A disk of {wantedGiB} GiB does not fit: {GiB(room.DiskFreeMiB)} are free, so that {GiB(most)} may be promised (Admission:DiskOvercommit {options.DiskOvercommit}), and the other VMs' disks of {GiB(held)}, of which {GiB(room.DiskUsedMiB)} are written, may still grow by {GiB(toCome)}."),
            wantedGiB * MiBPerGiB > (room.DiskFreeMiB + room.DiskUsedMiB) * options.DiskOvercommit
                ? "It would not fit without any other VM either: ask for a smaller diskGiB, give Libvirt:PoolDirectory a larger disk, or raise Admission:DiskOvercommit."
                : "Delete VMs, free space on the host, ask for a smaller diskGiB, or raise Admission:DiskOvercommit.");
    }

    private static void CheckMemory(int wanted, IReadOnlyCollection<Vm> vms, HostRoom room, AdmissionOptions options)
    {
        var toCome = vms.Where(WillRun).Sum(vm => (long)vm.Spec.MemoryMiB) + vms.Sum(MemoryToCome);
        var held = toCome + vms.Where(vm => vm.IsOn).Sum(vm => (long)vm.Spec.MemoryMiB);
        var most = room.MemoryTotalMiB * options.MemoryOvercommit;
        // What VMs that run have taken is no longer available; what others on the host have taken is not promised again.
        var left = Math.Min(most - held, (room.MemoryAvailableMiB - options.MinFreeMemoryMiB) * options.MemoryOvercommit - toCome);
        if (wanted <= left)
            return;
        throw new FailureException("memory_insufficient",
            Text($"{wanted} MiB of memory do not fit into the {Math.Max(0, left):0} MiB that are left: the host has {room.MemoryTotalMiB} MiB, {room.MemoryAvailableMiB} MiB of them available and {options.MinFreeMemoryMiB} MiB of those its own (Admission:MinFreeMemoryMiB); the other VMs hold {held} MiB, {toCome} MiB of them not in use yet; Admission:MemoryOvercommit is {options.MemoryOvercommit}."),
            wanted > most
                ? "This host can never hold so much: ask for a smaller memoryMiB, or raise Admission:MemoryOvercommit."
                : "Try again when VMs were deleted or the host has more memory available, ask for a smaller memoryMiB, or raise Admission:MemoryOvercommit.");
    }

    private static bool WillRun(Vm vm) => vm.State is VmState.Queued or VmState.Provisioning
        || vm is { State: VmState.Stopped, Operation: { Kind: OperationKind.Start or OperationKind.Restart } or { WasRunning: true } };

    // What a resize or a restore that is under way brings beyond what the VM has.
    private static long MemoryToCome(Vm vm) => vm.Operation is { WasRunning: true } operation
        ? Math.Max(0, (operation.Size ?? vm.Snapshots.FirstOrDefault(it => operation.Kind == OperationKind.RestoreSnapshot && it.Name == operation.Snapshot)?.Size ?? vm.Spec.Size).MemoryMiB - vm.Spec.MemoryMiB)
        : 0;

    // One that failed or is being deleted has a disk as long as that is not undone; all others have one or will.
    private static bool HoldsDisk(Vm vm) => vm.State is not (VmState.Failed or VmState.Deleting) || vm.Begun.Contains("disk");

    private static string GiB(double mib) => Text($"{mib / MiBPerGiB:0.#} GiB");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
