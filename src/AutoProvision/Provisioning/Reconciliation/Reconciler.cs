using System.Collections.Concurrent;
using AutoProvision.Hypervisors;
using AutoProvision.Ssh;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning.Reconciliation;

/// <summary>Compares the VMs with their domains, and tells as events what somebody else did to them.</summary>
public sealed partial class Reconciler(
    IHypervisor hypervisor, IDomainControl control, VmStore store, SideJobs jobs, Comeback comeback, Orphans orphans, Teardown teardown, SshConnectionPool connections,
    IOptions<ProvisioningOptions> options, IOptions<AdmissionOptions> admission, TimeProvider time, ILogger<Reconciler> logger)
{
    // What goes on was told once; it is told again only after it had ended.
    private readonly ConcurrentDictionary<(Guid Id, string What), bool> _told = new();

    /// <summary>One round. What takes long is begun and not waited for.</summary>
    /// <exception cref="FailureException"><c>hypervisor_unavailable</c> and other things that concern all VMs.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        Forget();
        // Before the hypervisor is asked: a VM that was ready then had its domain.
        var vms = store.List();
        var domains = (await hypervisor.ListDomainsAsync(cancellation)).ToDictionary(domain => domain.Id, domain => domain.Power);
        foreach (var vm in vms)
            Settle(vm, domains.TryGetValue(vm.Id, out var power) ? power : null, cancellation);
        ForgetTold(vms.Select(vm => vm.Id).ToHashSet().Contains);
        await orphans.WarnAsync(cancellation);
    }

    private void Settle(Vm vm, DomainPower? power, CancellationToken stopping)
    {
        // What is being worked on changes by our own doing.
        switch (vm.Operation is null ? Comparison.Of(vm.State, power) : Difference.None)
        {
            case Difference.SwitchedOff:
                Stop(vm, "The domain was switched off, not by this service.");
                break;
            case Difference.Paused:
                Stop(vm, "The domain was paused, not by this service.");
                break;
            // A domain that is being defined anew is away for a moment, and this cannot be taken back: the next round has to miss it as well.
            case Difference.Removed when _told.TryAdd((vm.Id, "missing"), true):
                break;
            case Difference.Removed:
                Fail(vm);
                break;
            case Difference.SwitchedOn:
                jobs.Start(vm, cancellation => ComeBackAsync(vm, cancellation), stopping);
                break;
            case Difference.OutOfDisk:
                jobs.Start(vm, cancellation => ResumeAsync(vm, cancellation), stopping);
                break;
            case Difference.None:
                ForgetTold(id => id != vm.Id);
                if (vm is { State: VmState.Failed, Leftovers.Count: > 0 })
                    jobs.Start(vm, cancellation => teardown.UndoAsync(vm.Id, cancellation), stopping);
                break;
        }
    }

    // On a full disk nothing can be forgotten; the guests that it paused are looked after all the same.
    private void Forget()
    {
        try
        {
            store.Forget(time.GetUtcNow() - options.Value.DeletedRetention);
        }
        catch (FailureException e) when (e.Code == VmFailures.JournalFull)
        {
            LogNotForgotten(e.Failure.Cause);
        }
    }

    private void Stop(Vm vm, string message) =>
        Change(vm, vm with { State = VmState.Stopped }, new VmEvent { Type = VmEventTypes.State, Message = message });

    private void Fail(Vm vm)
    {
        var failure = new Failure("domain_missing", $"The domain of VM \"{vm.Spec.Name}\" is gone: somebody else removed it.",
            $"DELETE /vms/{vm.Id} removes what is left of it; its disk stays until then.");
        Change(vm, vm with { State = VmState.Failed, Failure = failure }, new VmEvent { Type = VmEventTypes.State, Message = failure.Cause, Failure = failure });
    }

    // A VM that changed since the round began has been seen to by somebody else, such as a DELETE.
    private void Change(Vm before, Vm after, VmEvent what)
    {
        if (store.Update(before.Id, it => it.Version == before.Version ? after : it, what).State != after.State)
            return;
        connections.Drop(before.Id.ToString());
        LogNoticed(before.Id, before.Spec.Name, after.State, what.Message!);
    }

    private async Task ComeBackAsync(Vm vm, CancellationToken cancellation)
    {
        if (await comeback.TryAsync(vm, cancellation) is { } obstacle)
            Tell(vm, obstacle.Code, "The domain was started, not by this service; waiting for SSH.", obstacle);
        else
            LogNoticed(vm.Id, vm.Spec.Name, store.Find(vm.Id)!.State, "The domain was started, not by this service.");
    }

    private async Task ResumeAsync(Vm vm, CancellationToken cancellation)
    {
        var free = (await hypervisor.MeasureAsync(cancellation)).DiskFreeMiB;
        if (free < admission.Value.MinFreeDiskMiB)
        {
            Tell(vm, "full", "The guest is paused: the host's disk is full.", new Failure("disk_full",
                $"The disk with the VMs' files has {free} MiB left.", $"Free space: with {admission.Value.MinFreeDiskMiB} MiB (Admission:MinFreeDiskMiB) the guest goes on by itself."));
            return;
        }
        await control.ResumeAsync(vm.Id, cancellation);
        Tell(vm, "resumed", "The guest was resumed: the host's disk has room again.");
    }

    private void Tell(Vm vm, string what, string message, Failure? failure = null)
    {
        if (_told.TryAdd((vm.Id, what), true))
            store.Update(vm.Id, it => it.State == vm.State ? it with { } : it, new VmEvent { Type = VmEventTypes.Progress, Message = message, Failure = failure });
    }

    private void ForgetTold(Func<Guid, bool> keep)
    {
        foreach (var key in _told.Keys.Where(key => !keep(key.Id)))
            _told.TryRemove(key, out _);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "VMs that were deleted long ago are not forgotten yet: {Cause}")]
    private partial void LogNotForgotten(string cause);

    [LoggerMessage(Level = LogLevel.Information, Message = "VM {Id} ({Name}) is {State}: {Message}")]
    private partial void LogNoticed(Guid id, string name, VmState state, string message);
}
