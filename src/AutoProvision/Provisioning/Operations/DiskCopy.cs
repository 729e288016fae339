using AutoProvision.Hypervisors;
using AutoProvision.Provisioning.Reconciliation;
using AutoProvision.Ssh;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning.Operations;

/// <summary>
/// Copies another VM's disks. Meanwhile that VM is busy with <see cref="OperationKind.Clone"/> and stands still, so that its
/// disks are of one moment; what its guest wrote before is told to reach the disk.
/// </summary>
public sealed class DiskCopy(
    IHypervisor hypervisor, IDomainControl control, VmStore store, VmAccess access, SshConnectionPool connections, RoundBell bell, IOptions<ProvisioningOptions> options, TimeProvider time)
{
    private static readonly TimeSpan SyncTimeout = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ReleaseTimeout = TimeSpan.FromSeconds(30);

    public TimeSpan Timeout => options.Value.Timeouts.Copy;

    public Failure TimedOut => new("copy_timeout", $"The disks were not copied within {Timeout.TotalSeconds:0} s.",
        "The source may be busy with something else, or its disks are large. Provisioning:Timeouts:Copy sets the limit.");

    /// <summary>Waits until the source is free, then copies.</summary>
    /// <exception cref="FailureException"><c>clone_source_gone</c>, and the hypervisor's.</exception>
    public async Task RunAsync(Vm vm, CancellationToken cancellation)
    {
        var source = await TakeAsync(vm, cancellation);
        try
        {
            if (source.Operation!.WasRunning)
            {
                await SyncAsync(source, cancellation);
                await control.PauseAsync(source.Id, cancellation);
            }
            await hypervisor.CopyDisksAsync(vm.Id, source.Id, vm.Spec.Disks.Count, vm.Spec.DiskGiB, cancellation);
        }
        finally
        {
            // A guest must not stand still any longer, whatever became of the copy.
            using var deadline = new CancellationTokenSource(ReleaseTimeout, time);
            await ReleaseAsync(vm, deadline.Token);
        }
    }

    /// <summary>Lets the source go on, where it stands still for this copy.</summary>
    public async Task ReleaseAsync(Vm vm, CancellationToken cancellation)
    {
        if (store.Find(vm.CloneOf!.Value) is not { Operation: { } operation } source || !IsFor(operation, vm))
            return;
        await ResumeAsync(source.Id, operation, cancellation);
        store.Update(source.Id, it => it.Operation == operation ? it with { Operation = null } : it,
            new VmEvent { Type = VmEventType.OperationCompleted, Operation = OperationKind.Clone, DurationMs = (long)(time.GetUtcNow() - operation.StartedAt).TotalMilliseconds });
        bell.Free(source.Id);
    }

    /// <summary>Ends the standstill of a source that ran; one that somebody ended meanwhile cannot go on, and the reconciliation will tell.</summary>
    public async Task ResumeAsync(Guid source, VmOperation operation, CancellationToken cancellation)
    {
        if (operation.WasRunning && await hypervisor.IsOnAsync(source, cancellation))
            await control.ResumeAsync(source, cancellation);
    }

    private static bool IsFor(VmOperation operation, Vm vm) => operation.Kind == OperationKind.Clone && operation.Copy == vm.Id;

    private async Task<Vm> TakeAsync(Vm vm, CancellationToken cancellation)
    {
        while (true)
        {
            var source = store.Find(vm.CloneOf!.Value) is { } found ? store.Update(found.Id, it => TryTake(it, vm), new VmEvent { Type = VmEventType.OperationStarted, Operation = OperationKind.Clone }) : null;
            if (source is not { IsMade: true })
                throw OperationFailures.CloneSourceGone(vm.CloneOf.Value);
            if (source.Operation is { } operation && IsFor(operation, vm))
                return source;
            // Busy: its next event may be the end of that.
            await store.ChangedAsync(source.Id, source.Version, cancellation);
        }
    }

    private Vm TryTake(Vm source, Vm vm) => source is { Operation: null, IsMade: true }
        ? source with { Operation = new VmOperation(OperationKind.Clone, time.GetUtcNow()) { Copy = vm.Id, WasRunning = source.IsOn } }
        : source;

    // Best effort: without it the copy is as after a power cut, which file systems survive.
    private async Task SyncAsync(Vm source, CancellationToken cancellation)
    {
        try
        {
            await connections.ExecAsync(source.Id.ToString(), () => access.Target(source), new ExecRequest("sync") { IsOwn = true, Timeout = SyncTimeout }, cancellation);
        }
        catch (FailureException)
        {
            // Nobody there to tell.
        }
    }
}
