using AutoProvision.Hypervisors;
using AutoProvision.Ssh;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning.Reconciliation;

/// <summary>Takes a VM back into use whose domain somebody else started, or which let nobody in.</summary>
public sealed class Comeback(IHypervisor hypervisor, DomainRuns runs, VmStore store, VmAccess access, SshConnectionPool connections, TimeProvider time)
{
    // An address that only the ARP table shows takes ten of them to be believed.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    /// <summary>Makes the VM ready, or degraded as it was, once SSH lets us in; its address may be another one than before.</summary>
    /// <returns>What was in the way; null when the VM is back.</returns>
    public async Task<Failure?> TryAsync(Vm vm, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(Deadline, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        string address;
        try
        {
            address = await ReachAsync(vm, linked.Token);
            await runs.LookAsync(vm.Id, linked.Token);
        }
        catch (FailureException e) when (!cancellation.IsCancellationRequested)
        {
            return e.Failure;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new Failure("ssh_timeout", $"The guest did not let its user in within {Deadline.TotalSeconds:0} s.", "It may still boot; the service goes on trying.");
        }
        TakeBack(vm, address);
        return null;
    }

    private async Task<string> ReachAsync(Vm vm, CancellationToken cancellation)
    {
        var address = await hypervisor.WaitForAddressAsync(vm.Id, vm.Nics[0], cancellation);
        var result = await connections.ExecAsync(vm.Id.ToString(), () => access.Target(StillOut(vm.Id) with { Address = address }), SshProof.Request, cancellation);
        SshProof.Check(result, vm.Spec.User);
        return address;
    }

    // One that is deleted meanwhile must not be connected to any more, and one that is worked on is that operation's.
    private Vm StillOut(Guid id) => store.Find(id) is { Operation: null } vm && IsOut(vm) ? vm : throw VmFailures.NotFound(id.ToString());

    private static bool IsOut(Vm vm) => vm.State is VmState.Stopped or VmState.Unreachable;

    private void TakeBack(Vm vm, string address)
    {
        if (address != vm.Address)
            access.Keys(vm.Id).WriteKnownHosts(address, VmAccess.SshPort, vm.HostKey!);
        store.Update(vm.Id,
            it => it.Operation is null && IsOut(it) ? it.LettingIn() with { Address = address } : it,
            vm.State == VmState.Stopped
                ? new VmEvent
                {
                    Type = VmEventType.State,
                    Cause = EventCause.External,
                    Power = DomainPower.Running,
                    Message = "The domain was started, not by this service; SSH lets us in again.",
                    Failure = vm.Failure,
                }
                : new VmEvent { Type = VmEventType.State, Message = "SSH lets us in again.", Failure = vm.Failure });
    }
}
