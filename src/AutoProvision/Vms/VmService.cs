using System.Security.Cryptography;
using AutoProvision.Hypervisors;
using AutoProvision.Provisioning.Reconciliation;
using AutoProvision.Provisioning.Operations;
using AutoProvision.Provisioning;
using Microsoft.Extensions.Options;

namespace AutoProvision.Vms;

/// <summary>The only way in to the VMs, as <see cref="GuestService"/> is to what is inside them: every transport calls these two, and the rules live below them.</summary>
public sealed class VmService(
    VmStore store, VmRules rules, CloneRules clones, NetworkRules networks, Admission admission, JobQueue queue, IHypervisor hypervisor, Orphans orphans,
    IOptions<ProvisioningOptions> options, IHostApplicationLifetime lifetime, TimeProvider time)
{
    /// <summary>Takes up a VM and queues its making. Nothing is created for a refused request.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="shape">Faults in the request's shape, to be told together with the others.</param>
    /// <param name="key">The client's Idempotency-Key; null when it sent none.</param>
    /// <param name="cancellation">Ends the checks; an accepted VM is made whoever hangs up.</param>
    /// <returns>The VM, or the one that was made for the same key and request before.</returns>
    /// <exception cref="InvalidRequestException"/>
    /// <exception cref="FailureException">
    /// <c>idempotency_key_reused</c>, <c>name_taken</c>, <c>address_taken</c>, <c>queue_full</c>, <c>journal_full</c>, <c>hypervisor_unavailable</c>
    /// or one of <see cref="Admission"/>'s.
    /// </exception>
    public async Task<(Vm Vm, bool IsNew)> CreateAsync(VmRequest request, IReadOnlyList<Fault> shape, string? key, CancellationToken cancellation)
    {
        store.ForgetSome(time.GetUtcNow() - options.Value.DeletedRetention);
        shape = IdempotencyKey.Check(key, shape);
        var idempotency = IdempotencyKey.For(key, request, shape);
        if (store.FindByKey(idempotency) is { } made)
            return (made, false);
        var faults = new FaultList(shape, cancellation);
        var order = rules.Complete(request, faults);
        if (faults.HasAny)
            await networks.TryCheckAsync(order.Spec, faults, cancellation);
        faults.ThrowIfAny();
        return await TakeUpAsync(New(order), idempotency, cancellation);
    }

    /// <summary>Makes a VM whose disks are a copy of another one's; it has a name, keys and addresses of its own.</summary>
    /// <param name="id">The VM to copy: ready, degraded, unreachable or stopped.</param>
    /// <param name="request">What is to be different.</param>
    /// <param name="shape">Faults in the request's shape.</param>
    /// <param name="key">The client's Idempotency-Key; null when it sent none.</param>
    /// <param name="cancellation">Ends the checks.</param>
    /// <exception cref="InvalidRequestException"/>
    /// <exception cref="FailureException"><c>vm_not_found</c>, <c>vm_state_conflict</c>, and what <see cref="CreateAsync"/> throws.</exception>
    public async Task<(Vm Vm, bool IsNew)> CloneAsync(string id, CloneRequest request, IReadOnlyList<Fault> shape, string? key, CancellationToken cancellation)
    {
        shape = IdempotencyKey.Check(key, shape);
        // By the id as it was sent: the source may be forgotten by now, and its copy is there.
        var idempotency = VmId.Parse(id) is { } parsed ? IdempotencyKey.For(key, new { Id = parsed, request }, shape) : null;
        if (store.FindByKey(idempotency) is { } made)
            return (made, false);
        var source = Get(id);
        if (!source.IsMade)
            throw OperationFailures.WrongState(source, OperationKind.Clone);
        return await TakeUpAsync(New(clones.Complete(request, source, shape, cancellation)) with { CloneOf = source.Id }, idempotency, cancellation);
    }

    private async Task<(Vm Vm, bool IsNew)> TakeUpAsync(Vm vm, IdempotencyKey? idempotency, CancellationToken cancellation)
    {
        // Asked before the hypervisor is, which takes longest, and again when the VM is taken up.
        if (store.Check(vm, idempotency, Admit) is { } earlier)
            return (earlier, false);
        // A domain that is a VM of ours is the store's matter: the same request may just have made it.
        if (await hypervisor.FindDomainAsync(vm.Spec.Name, cancellation) is { } domain && store.Find(domain.Id) is null)
            throw VmFailures.NameTakenByDomain(vm.Spec.Name);
        var ownNetwork = await networks.CheckAsync(vm.Spec, cancellation);
        var room = await admission.MeasureAsync(cancellation);
        // Under the store's lock: however many ask at once, no more is promised than there is.
        var taken = store.Add(vm, idempotency, present =>
        {
            Admit(present);
            NetworkRules.Admit(vm.Spec, ownNetwork, present);
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

    /// <summary>The VMs that are asked for, oldest first.</summary>
    /// <exception cref="InvalidRequestException">The cursor stands for a VM that was forgotten meanwhile.</exception>
    public VmPage List(VmQuery query)
    {
        var all = ListWithPositions();
        var begin = query.After is { } after ? all.TakeWhile(entry => entry.Vm.Id != after).Count() + 1 : 0;
        if (begin > all.Count)
            throw VmFailures.NoSuchCursor();
        var found = all.Skip(begin).Where(entry => query.Matches(entry.Vm)).Take(query.Limit + 1).ToList();
        return found.Count <= query.Limit ? new VmPage(found, Next: null) : new VmPage(found[..query.Limit], found[query.Limit - 1].Vm.Id.ToString("N"));
    }

    private List<(Vm Vm, int? QueuePosition)> ListWithPositions()
    {
        var waiting = 0;
        return [.. store.ListAll().Select(vm => (vm, vm.State == VmState.Queued ? ++waiting : (int?)null))];
    }

    /// <summary>The VM's place in the queue, from 1; null for one that does not wait.</summary>
    public int? QueuePosition(Vm vm) => vm.State != VmState.Queued ? null
        : 1 + store.List().TakeWhile(other => other.Id != vm.Id).Count(other => other.State == VmState.Queued);

    /// <exception cref="FailureException"><c>vm_not_found</c>.</exception>
    public Vm Get(string id) => (VmId.Parse(id) is { } guid ? store.Find(guid) : null) ?? throw VmFailures.NotFound(id);

    /// <summary>Begins tear-down in whatever state the VM is; a second time changes nothing.</summary>
    /// <returns>The VM: deleting, or deleted.</returns>
    public Vm Delete(string id)
    {
        var before = Get(id);
        var begun = false;
        var vm = store.Update(before.Id, it =>
        {
            var next = it.Going();
            begun = !ReferenceEquals(next, it);
            return next;
        }, new VmEvent { Type = VmEventType.State });
        if (begun)
            queue.Delete(vm.Id);
        return vm;
    }

    /// <summary>Changes labels and expiry, in every state but while it is deleted.</summary>
    /// <param name="id">The VM.</param>
    /// <param name="patch">What is to change.</param>
    /// <param name="shape">Faults in the patch's shape.</param>
    /// <param name="isExpected">Whether the VM is as the caller believes it to be; asked under the store's lock.</param>
    /// <exception cref="InvalidRequestException"/>
    /// <exception cref="FailureException"><c>vm_not_found</c>, <c>vm_state_conflict</c> or <c>precondition_failed</c>.</exception>
    public Vm Patch(string id, VmPatch patch, IReadOnlyList<Fault> shape, Func<Vm, bool> isExpected)
    {
        var change = patch.ToChange(shape, time.GetUtcNow());
        return store.Update(Get(id).Id, vm =>
        {
            if (vm.State is VmState.Deleting or VmState.Deleted)
                throw VmFailures.Gone(vm);
            if (!isExpected(vm))
                throw VmFailures.NotAsExpected(vm);
            var next = change(vm);
            return next.ExpiresAt == vm.ExpiresAt && next.Labels.SequenceEqual(vm.Labels.OrderBy(label => label.Key, StringComparer.Ordinal)) ? vm : next;
        }, new VmEvent { Type = VmEventType.Updated, Message = "Labels or expiry were changed." });
    }

    /// <summary>Waits until a VM is as wanted, or can never be: for so long at most, and not after the service is told to stop.</summary>
    /// <returns>The VM as it is then.</returns>
    public async Task<Vm> WaitAsync(Guid id, Func<Vm, bool> until, TimeSpan limit, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(limit, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token, lifetime.ApplicationStopping);
        try
        {
            // From its next event on; one that is deleted has no further.
            for (var vm = Get(id.ToString()); !until(vm) && await store.ChangedAsync(id, vm.Version, ended.Token);)
                vm = Get(id.ToString());
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // Long enough.
        }
        return Get(id.ToString());
    }

    /// <summary>The VM's events after a sequence number, or all that are kept, then every new one.</summary>
    /// <exception cref="FailureException"><c>vm_not_found</c>, or <c>event_id_expired</c>: the next event is no longer kept.</exception>
    /// <exception cref="InvalidRequestException">No event has that number yet: whoever waits after it would miss the next ones.</exception>
    public IAsyncEnumerable<VmEvent> Watch(string id, long? after, CancellationToken cancellation)
    {
        var vm = Get(id);
        if (after > vm.Version)
            throw VmFailures.NoSuchEvent($"The VM's newest event is {vm.Version}, not {after}.");
        if (store.FindOldestEvent(vm.Id) is { } oldest && after < oldest.Seq - 1)
            throw VmFailures.VmEventIdExpired(vm.Id, after.Value, oldest.Seq);
        return store.WatchAsync(vm.Id, after, cancellation);
    }

    /// <summary>Whether the event with this number is the VM's last one for good.</summary>
    /// <exception cref="FailureException"><c>vm_not_found</c>.</exception>
    public bool HasEndedAt(string id, long seq) => Get(id) is { State: VmState.Deleted } vm && seq >= vm.Version;

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

    private Vm New(VmOrder order)
    {
        var macs = NewMacs(1 + order.Spec.Nics.Count);
        return new Vm
        {
            Id = Guid.CreateVersion7(time.GetUtcNow()),
            Spec = order.Spec,
            State = VmState.Queued,
            CreatedAt = time.GetUtcNow(),
            Mac = macs[0],
            MoreMacs = macs[1..],
            Labels = order.Labels,
            ExpiresAt = order.ExpiresAt,
        };
    }

    // 52:54:00 is what QEMU's and libvirt's own tools take for guests. Two VMs with one MAC would get one address.
    private string[] NewMacs(int count)
    {
        var taken = store.List().SelectMany(vm => vm.MoreMacs.Prepend(vm.Mac)).ToHashSet();
        var macs = new List<string>(count);
        while (macs.Count < count)
        {
            var tail = RandomNumberGenerator.GetBytes(3);
            var mac = $"52:54:00:{tail[0]:x2}:{tail[1]:x2}:{tail[2]:x2}";
            if (taken.Add(mac))
                macs.Add(mac);
        }
        return [.. macs];
    }
}
