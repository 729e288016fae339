using System.Collections.Concurrent;
using AutoProvision.Hypervisors;
using AutoProvision.Ssh;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning.Reconciliation;

/// <summary>Compares the VMs with their domains, and tells as events what somebody else did to them.</summary>
public sealed partial class Reconciler(
    IHypervisor hypervisor, IDomainControl control, VmStore store, SideJobs jobs, Comeback comeback, Orphans orphans, Absences absences, DomainRuns runs, RoundBell bell, Teardown teardown, SshConnectionPool connections,
    IOptions<ProvisioningOptions> options, IOptions<AdmissionOptions> admission, TimeProvider time, ILogger<Reconciler> logger)
{
    // What goes on was told once; it is told again only after it had ended.
    private readonly ConcurrentDictionary<(Guid Id, string What), bool> _told = new();

    // How often a guest that lets nobody in has been waited for in a row.
    private readonly ConcurrentDictionary<Guid, int> _waits = new();

    // Some minutes, as rounds that follow each other are up to 8 s apart; then they are further apart.
    private const int MostWaits = 30;

    /// <summary>How long one that lets nobody in waits for its next try at most. There is no last one: what keeps us out may pass at any time.</summary>
    public static TimeSpan LongestWait { get; } = TimeSpan.FromSeconds(30);

    // To look for orphans is much more work than to look at the domains: rounds before their turn leave it out.
    private long? _orphansSought;

    /// <summary>One round. What takes long is begun and not waited for.</summary>
    /// <returns>How soon the next one is worth its while; null when it can take its time.</returns>
    /// <exception cref="FailureException"><c>hypervisor_unavailable</c> and other things that concern all VMs.</exception>
    public async Task<TimeSpan?> RunAsync(CancellationToken cancellation)
    {
        Forget(cancellation);
        // Before the hypervisor is asked: a VM that was ready then had its domain.
        var vms = store.List();
        var domains = (await hypervisor.ListDomainsAsync(cancellation)).ToDictionary(domain => domain.Id);
        foreach (var vm in vms)
            Settle(vm, domains.GetValueOrDefault(vm.Id), cancellation);
        var known = vms.Select(vm => vm.Id).ToHashSet();
        ForgetTold(known.Contains);
        absences.ForgetAllBut(known);
        runs.ForgetAllBut(known);
        bell.ForgetGone();
        await SeekOrphansAsync(cancellation);
        return store.List().Any(vm => vm.State == VmState.Unreachable) && !(absences.Left < LongestWait) ? LongestWait : absences.Left;
    }

    private async Task SeekOrphansAsync(CancellationToken cancellation)
    {
        if (_orphansSought is { } last && time.GetElapsedTime(last) < options.Value.ReconcileInterval)
            return;
        await orphans.WarnAsync(cancellation);
        _orphansSought = time.GetTimestamp();
    }

    private void Settle(Vm vm, DomainInfo? domain, CancellationToken stopping)
    {
        // What is being worked on changes by our own doing. What somebody else did right before that is seen after it.
        if (vm.Operation is not null)
            bell.RingFor(vm.Id);
        var difference = vm.Operation is null ? Comparison.Of(vm.State, domain?.Power, domain is not null && runs.IsAnother(domain)) : Difference.None;
        if (difference != Difference.Removed)
            absences.Forget(vm.Id);
        if (domain is not null && difference == Difference.None && vm is { IsOn: true, Operation: null })
            runs.See(domain);
        switch (difference)
        {
            case Difference.SwitchedOff:
                Stop(vm, DomainPower.Stopped, "The domain was switched off, not by this service.");
                break;
            case Difference.Paused:
                Stop(vm, DomainPower.Paused, "The domain was paused, not by this service.");
                break;
            case Difference.Removed when absences.Miss(vm.Id):
                Fail(vm);
                absences.Forget(vm.Id);
                break;
            case Difference.SwitchedOn or Difference.Unreachable:
                jobs.Start(vm, cancellation => ComeBackAsync(vm, cancellation), stopping);
                break;
            case Difference.StartedAnew:
                Stop(vm, DomainPower.Stopped, "The domain was switched off and started again, not by this service.");
                if (store.Find(vm.Id) is { State: VmState.Stopped, Operation: null } stopped)
                    jobs.Start(stopped, cancellation => ComeBackAsync(stopped, cancellation), stopping);
                break;
            case Difference.OutOfDisk:
                jobs.Start(vm, cancellation => ResumeAsync(vm, cancellation), stopping);
                break;
            case Difference.None:
                ForgetTold(id => id != vm.Id);
                if (vm is { State: VmState.Failed, Leftovers.Count: > 0 })
                    jobs.Start(vm, cancellation => UndoAsync(vm, cancellation), stopping);
                break;
        }
    }

    // On a full disk nothing can be forgotten; the guests that it paused are looked after all the same.
    private void Forget(CancellationToken cancellation)
    {
        try
        {
            store.Forget(time.GetUtcNow() - options.Value.DeletedRetention, cancellation);
            store.GiveRoomBack(cancellation);
        }
        catch (FailureException e) when (e.Code == VmFailures.JournalFull)
        {
            LogNotForgotten(e.Failure.Cause);
        }
    }

    private void Stop(Vm vm, DomainPower power, string message) =>
        Change(vm, vm.Off(), new VmEvent { Type = VmEventType.State, Cause = EventCause.External, Power = power, Message = message });

    private void Fail(Vm vm)
    {
        var failure = new Failure("domain_missing", $"The domain of VM \"{vm.Spec.Name}\" is gone: somebody else removed it.",
            $"DELETE /vms/{vm.Id} removes what is left of it; its disk stays until then.");
        Change(vm, vm with { State = VmState.Failed, Failure = failure, Obstacle = null }, new VmEvent { Type = VmEventType.State, Cause = EventCause.External, Message = failure.Cause, Failure = failure });
    }

    // A VM that changed since the round began has been seen to by somebody else, such as a DELETE.
    private void Change(Vm before, Vm after, VmEvent what)
    {
        if (store.Update(before.Id, it => it.Version == before.Version ? after : it, what).State != after.State)
            return;
        _waits.TryRemove(before.Id, out _);
        connections.Drop(before.Id.ToString());
        LogNoticed(before.Id, before.Spec.Name, after.State, what.Message!);
    }

    private async Task<bool> UndoAsync(Vm vm, CancellationToken cancellation)
    {
        await teardown.UndoAsync(vm.Id, cancellation);
        return false;
    }

    private async Task<bool> ComeBackAsync(Vm vm, CancellationToken cancellation)
    {
        if (await comeback.TryAsync(vm, cancellation) is { } obstacle)
        {
            ShutOut(vm, obstacle);
            // One that still boots tells nobody when it is done.
            return _waits.AddOrUpdate(vm.Id, 1, (_, waits) => waits + 1) < MostWaits;
        }
        var now = store.Find(vm.Id);
        if (now is { IsOn: true, Operation: null })
        {
            _waits.TryRemove(vm.Id, out _);
            LogNoticed(vm.Id, vm.Spec.Name, now.State, vm.State == VmState.Stopped ? "The domain was started, not by this service." : "SSH lets us in again.");
        }
        return now is { Operation: not null };
    }

    private void ShutOut(Vm vm, Failure obstacle)
    {
        if (vm.State == VmState.Stopped)
            store.Update(vm.Id, it => it.State == vm.State && it.Operation is null ? it.ShuttingOut(obstacle) : it, new VmEvent
            {
                Type = VmEventType.State,
                Cause = EventCause.External,
                Power = DomainPower.Running,
                Message = "The domain was started, not by this service; waiting for SSH.",
                Failure = obstacle,
            });
        // What it is now kept out by is told once each, however often it changes.
        else if (vm.Obstacle?.Code != obstacle.Code)
            Tell(vm, obstacle.Code, it => it.ShuttingOut(obstacle), new VmEvent { Type = VmEventType.Progress, Message = "Still waiting for SSH.", Failure = obstacle });
    }

    private async Task<bool> ResumeAsync(Vm vm, CancellationToken cancellation)
    {
        var free = (await hypervisor.MeasureAsync(cancellation)).DiskFreeMiB;
        if (free < admission.Value.MinFreeDiskMiB)
        {
            Tell(vm, "full", new VmEvent
            {
                Type = VmEventType.Progress,
                Cause = EventCause.External,
                Power = DomainPower.PausedByDisk,
                Message = "The guest is paused: the host's disk is full.",
                Failure = new Failure("disk_full", $"The disk with the VMs' files has {free} MiB left.",
                    $"Free space: with {admission.Value.MinFreeDiskMiB} MiB (Admission:MinFreeDiskMiB) the guest goes on by itself."),
            });
            return false;
        }
        await control.ResumeAsync(vm.Id, cancellation);
        Tell(vm, "resumed", new VmEvent { Type = VmEventType.Progress, Message = "The guest was resumed: the host's disk has room again." });
        return false;
    }

    // What is worked on meanwhile tells of itself.
    private void Tell(Vm vm, string once, VmEvent what) => Tell(vm, once, it => it with { }, what);

    private void Tell(Vm vm, string once, Func<Vm, Vm> change, VmEvent what)
    {
        if (_told.ContainsKey((vm.Id, once)))
            return;
        var isTold = false;
        store.Update(vm.Id, it => (isTold = it.State == vm.State && it.Operation == vm.Operation) ? change(it) : it, what);
        if (isTold)
            _told[(vm.Id, once)] = true;
    }

    private void ForgetTold(Func<Guid, bool> keep)
    {
        foreach (var key in _told.Keys.Where(key => !keep(key.Id)))
            _told.TryRemove(key, out _);
        foreach (var id in _waits.Keys.Where(id => !keep(id)))
            _waits.TryRemove(id, out _);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "VMs that were deleted long ago are not forgotten yet: {Cause}")]
    private partial void LogNotForgotten(string cause);

    [LoggerMessage(Level = LogLevel.Information, Message = "VM {Id} ({Name}) is {State}: {Message}")]
    private partial void LogNoticed(Guid id, string name, VmState state, string message);
}
