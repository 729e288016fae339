using AutoProvision.Vms;

namespace AutoProvision.Hypervisors;

/// <summary>What can be done to a domain that is there: power, sizes and snapshots.</summary>
/// <remarks>
/// A guest that goes on after it stood still (<see cref="ResumeAsync"/>, and both methods of snapshots) has its clock set to the host's
/// where its agent answers; where it does not, the method has done its work all the same.
/// Every method throws <see cref="FailureException"/>: <c>domain_missing</c> when the domain is gone, <c>hypervisor_unavailable</c> when the
/// hypervisor itself does not answer. A method that was cut off can be called again.
/// </remarks>
public interface IDomainControl
{
    /// <summary>Starts a defined domain; one that runs or is paused stays as it is.</summary>
    Task StartAsync(Guid id, CancellationToken cancellation);

    /// <summary>Asks the guest to switch itself off, and does not wait for it; one that is off stays so.</summary>
    Task AskToShutDownAsync(Guid id, CancellationToken cancellation);

    /// <summary>Switches the domain off as if by its plug; one that is off stays so.</summary>
    Task SwitchOffAsync(Guid id, CancellationToken cancellation);

    /// <summary>Stops the guest's CPUs, with everything that it wrote on its disks; <see cref="ResumeAsync"/> lets it go on.</summary>
    Task PauseAsync(Guid id, CancellationToken cancellation);

    /// <summary>Lets a guest go on that was paused, by <see cref="PauseAsync"/> or by QEMU because the disk under it was full.</summary>
    Task ResumeAsync(Guid id, CancellationToken cancellation);

    /// <summary>Changes the sizes of a domain that is off; a disk only grows. Doing so again changes nothing.</summary>
    /// <exception cref="FailureException"><c>hypervisor_refused</c>: it is not off, or its disk would shrink.</exception>
    Task ResizeAsync(Guid id, VmSize size, CancellationToken cancellation);

    /// <summary>Keeps the disks as they are now, and the memory of a domain that runs or is paused. One of the same name is replaced.</summary>
    Task CreateSnapshotAsync(Guid id, string name, CancellationToken cancellation);

    /// <summary>
    /// Brings disks, memory, sizes and power back; the snapshot stays. The guest's network may need some seconds until it passes
    /// packets again.
    /// </summary>
    /// <exception cref="FailureException"><c>hypervisor_refused</c>: there is no such snapshot.</exception>
    Task RestoreSnapshotAsync(Guid id, string name, CancellationToken cancellation);

    Task RemoveSnapshotAsync(Guid id, string name, CancellationToken cancellation);
}
