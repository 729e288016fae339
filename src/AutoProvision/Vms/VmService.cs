using System.Security.Cryptography;
using AutoProvision.Hypervisors;
using AutoProvision.Provisioning.Reconciliation;
using AutoProvision.Provisioning;
using Microsoft.Extensions.Options;

namespace AutoProvision.Vms;

/// <summary>The only way in to the VMs, as <see cref="GuestService"/> is to what is inside them: every transport calls these two, and the rules live below them.</summary>
public sealed class VmService(
    VmStore store, VmRules rules, Admission admission, JobQueue queue, IHypervisor hypervisor, Orphans orphans,
    IOptions<ProvisioningOptions> options, TimeProvider time)
{
    /// <summary>Takes up a VM and queues its making. Nothing is created for a refused request.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="shape">Faults in the request's shape, to be told together with the others.</param>
    /// <param name="key">The client's Idempotency-Key; null when it sent none.</param>
    /// <param name="cancellation">Ends the checks; an accepted VM is made whoever hangs up.</param>
    /// <returns>The VM, or the one that was made for the same key and request before.</returns>
    /// <exception cref="InvalidRequestException"/>
    /// <exception cref="FailureException">
    /// <c>idempotency_key_reused</c>, <c>name_taken</c>, <c>queue_full</c>, <c>journal_full</c>, <c>hypervisor_unavailable</c>
    /// or one of <see cref="Admission"/>'s.
    /// </exception>
    public async Task<(Vm Vm, bool IsNew)> CreateAsync(VmRequest request, IReadOnlyList<Fault> shape, string? key, CancellationToken cancellation)
    {
        store.Forget(time.GetUtcNow() - options.Value.DeletedRetention);
        // A body that was not understood has no fingerprint; it is refused below.
        var idempotency = key is null || shape.Count > 0 ? null : IdempotencyKey.For(key, request);
        if (store.FindByKey(idempotency) is { } made)
            return (made, false);
        var vm = New(rules.Complete(request, shape));
        // Asked before the hypervisor is, which takes longest, and again when the VM is taken up.
        if (store.Check(vm, idempotency, Admit) is { } earlier)
            return (earlier, false);
        // A domain that is a VM of ours is the store's matter: the same request may just have made it.
        if (await hypervisor.FindDomainAsync(vm.Spec.Name, cancellation) is { } domain && store.Find(domain.Id) is null)
            throw VmFailures.NameTakenByDomain(vm.Spec.Name);
        var room = await admission.MeasureAsync(cancellation);
        // Under the store's lock: however many ask at once, no more is promised than there is.
        var taken = store.Add(vm, idempotency, present =>
        {
            Admit(present);
            admission.Admit(vm.Spec, present, room);
        });
        if (taken.IsNew)
            queue.Create(vm.Id);
        return taken;
    }

    /// <summary>What would keep the smallest VM from being taken up now: a full queue, a full disk, too little memory; null when nothing would.</summary>
    /// <exception cref="FailureException"><c>pool_unusable</c>.</exception>
    public async Task<Failure?> FindObstacleAsync(CancellationToken cancellation)
    {
        var room = await admission.MeasureAsync(cancellation);
        try
        {
            Admit(store.List());
            admission.Admit(VmRules.Smallest, store.List(), room);
            return null;
        }
        catch (FailureException e)
        {
            return e.Failure;
        }
    }

    private void Admit(IReadOnlyList<Vm> present)
    {
        var unfinished = present.Count(vm => vm.State is VmState.Queued or VmState.Provisioning);
        if (unfinished >= options.Value.MostUnfinished)
            throw VmFailures.QueueFull(unfinished, options.Value);
    }

    /// <summary>Every VM that is not deleted, oldest first.</summary>
    public IReadOnlyList<Vm> List() => store.List();

    /// <summary>The same, each with its place in the queue: from 1, null for one that does not wait.</summary>
    public IReadOnlyList<(Vm Vm, int? QueuePosition)> ListWithPositions()
    {
        var waiting = 0;
        return [.. store.List().Select(vm => (vm, vm.State == VmState.Queued ? ++waiting : (int?)null))];
    }

    /// <summary>The VM's place in the queue, from 1; null for one that does not wait.</summary>
    public int? QueuePosition(Vm vm) => vm.State != VmState.Queued ? null
        : 1 + store.List().TakeWhile(other => other.Id != vm.Id).Count(other => other.State == VmState.Queued);

    /// <exception cref="FailureException"><c>vm_not_found</c>.</exception>
    public Vm Get(string id) => (Guid.TryParse(id, out var guid) ? store.Find(guid) : null) ?? throw VmFailures.NotFound(id);

    /// <summary>Begins tear-down in whatever state the VM is; a second time changes nothing.</summary>
    /// <returns>The VM: deleting, or deleted.</returns>
    public Vm Delete(string id)
    {
        var before = Get(id);
        var begun = false;
        var vm = store.Update(before.Id, it =>
        {
            begun = it.State is not (VmState.Deleting or VmState.Deleted);
            return begun ? it with { State = VmState.Deleting } : it;
        }, new VmEvent { Type = VmEventType.State });
        if (begun)
            queue.Delete(vm.Id);
        return vm;
    }

    /// <summary>The VM's events after a sequence number, then every new one.</summary>
    /// <exception cref="FailureException"><c>vm_not_found</c>.</exception>
    /// <exception cref="InvalidRequestException">No event has that number yet: whoever waits after it would miss the next ones.</exception>
    public IAsyncEnumerable<VmEvent> Watch(string id, long after, CancellationToken cancellation)
    {
        var vm = Get(id);
        return after <= vm.Version
            ? store.WatchAsync(vm.Id, after, cancellation)
            : throw VmFailures.NoSuchEvent($"The VM's newest event is {vm.Version}, not {after}.");
    }

    /// <summary>What this service made and no longer knows as a VM.</summary>
    public Task<IReadOnlyList<Orphan>> ListOrphansAsync(CancellationToken cancellation) => orphans.ListAsync(cancellation);

    /// <exception cref="FailureException"><c>orphan_not_found</c>.</exception>
    public Task RemoveOrphanAsync(string id, CancellationToken cancellation) => orphans.RemoveAsync(id, cancellation);

    /// <exception cref="FailureException"><c>vm_not_found</c> or <c>vm_not_ready</c>.</exception>
    public Vm GetReachable(string id)
    {
        var vm = Get(id);
        return vm.IsReachable ? vm : throw VmFailures.NotReachable(vm);
    }

    private Vm New(VmSpec spec) => new()
    {
        Id = Guid.CreateVersion7(time.GetUtcNow()),
        Spec = spec,
        State = VmState.Queued,
        CreatedAt = time.GetUtcNow(),
        Mac = NewMac(),
    };

    // 52:54:00 is what QEMU's and libvirt's own tools take for guests. Two VMs with one MAC would get one address.
    private string NewMac()
    {
        while (true)
        {
            var tail = RandomNumberGenerator.GetBytes(3);
            var mac = $"52:54:00:{tail[0]:x2}:{tail[1]:x2}:{tail[2]:x2}";
            if (store.List().All(vm => vm.Mac != mac))
                return mac;
        }
    }
}
