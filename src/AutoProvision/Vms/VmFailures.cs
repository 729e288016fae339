using AutoProvision.Provisioning;

namespace AutoProvision.Vms;

/// <summary>Refusals that concern a VM as a whole.</summary>
public static class VmFailures
{
    /// <summary>A change could not be journalled; nothing was changed.</summary>
    public const string JournalFull = "journal_full";

    /// <summary>Something in the guest is not as it was asked for; the VM is degraded.</summary>
    public const string SpecNotMet = "spec_not_met";

    public static FailureException NotFound(string id) => new("vm_not_found", $"There is no VM {id}.", VmId.Respell(id) is { } right
        ? Respelt(right)
        : VmId.Parse(id) is not null ? "GET /vms lists the VMs there are; a deleted one is forgotten after a while."
        : "A VM is asked for by its id, not by its name: GET /vms tells both.");

    public static FailureException NameTaken(string name, Vm other) => new("name_taken",
        $"The name \"{name}\" is taken by VM {other.Id}, which is {other.State.ToString().ToLowerInvariant()}.",
        $"Choose another name, or DELETE /vms/{other.Id} first.");

    public static FailureException NameTakenByDomain(string name) => new("name_taken",
        $"The hypervisor already has a domain named \"{name}\" that is no VM of this service.",
        "Choose another name. If GET /host/orphans lists the domain, it can be removed there; a domain that is not its own the service never touches.");

    public static FailureException AddressTaken(string address, string network, Vm other) => new("address_taken",
        $"The address {address} of the network \"{network}\" is kept for VM {other.Id} (\"{other.Spec.Name}\"), which is {other.State.ToString().ToLowerInvariant()}.",
        $"Choose another address, or DELETE /vms/{other.Id} first.");

    public static FailureException Gone(Vm vm) => new("vm_state_conflict",
        $"VM {vm.Id} is {vm.State.ToString().ToLowerInvariant()}: it cannot be changed any more.", "Make another one.");

    public static FailureException NotAsExpected(Vm vm) => new("precondition_failed",
        $"VM {vm.Id} is not as If-Match says: somebody changed it meanwhile.", $"GET /vms/{vm.Id} gives its present ETag.");

    public static FailureException QueueFull(int unfinished, ProvisioningOptions options) => new("queue_full",
        $"{unfinished} VMs are waiting or being made, of at most {options.MostUnfinished}: Provisioning:QueueCapacity is {options.QueueCapacity}, Provisioning:Concurrency {options.Concurrency}.",
        "Try again when some are ready, or raise Provisioning:QueueCapacity.");

    public static FailureException KeyReused(string key, Guid vm) => new("idempotency_key_reused",
        $"With the Idempotency-Key \"{key}\" something else was asked for: VM {vm}.",
        "Send the same body again, or take a new key for another VM; a key is kept for 24 hours.");

    public static FailureException OrphanNotFound(string id) => new("orphan_not_found",
        $"There is no orphan {id}.", VmId.Respell(id) is { } right ? Respelt(right) : "GET /host/orphans lists them. A VM is deleted with DELETE /vms/ID; a domain that this service did not make is never touched.");

    /// <summary>Hint for an id in a spelling that is not the service's own.</summary>
    public static string Respelt(string id) => $"An id has one spelling, in lower case with hyphens: {id}.";

    public static FailureException Stopping() => new("service_stopping",
        "The service is being stopped; the command was ended.", "Send it again when the service is back.");

    public static InvalidRequestException NoSuchCursor() =>
        new([new Fault("/cursor", "cursor_invalid", "The VM that the cursor stands for was forgotten meanwhile.", "Begin anew, without a cursor.")]);

    public static InvalidRequestException NoSuchEvent(string detail) =>
        new([new Fault("/Last-Event-ID", "event_id_invalid", detail, "Send back an id that the stream gave, or none.")]);

    public static FailureException EventIdExpired(long after, long forgotten) => new("event_id_expired",
        $"Of the events after {after}, some up to {forgotten} are no longer kept.",
        "Read GET /vms for how things are, and begin again without Last-Event-ID, or with ?from=oldest for all that is kept. Provisioning:DeletedRetention says how long a deleted VM's events are kept, Vms:MaxEvents how many of each VM.");

    public static FailureException VmEventIdExpired(Guid vm, long after, long oldest) => new("event_id_expired",
        $"The events after {after} of VM {vm} are no longer kept; its oldest event is now {oldest}.",
        $"Read GET /vms/{vm} for how it is, and begin again without Last-Event-ID for all that is kept. Vms:MaxEvents says how many that are.");

    // A stopped VM may be worked on and stay off: then it has to be started all the same.
    public static FailureException NotReachable(Vm vm) => vm.Operation is { } operation && (vm.IsOn || (vm.State == VmState.Stopped && operation.SwitchesOn))
        ? new("vm_not_ready", $"VM {vm.Id} cannot be reached while the operation {operation.Kind.Word()} is under way.", $"Follow GET /vms/{vm.Id}/events until it is over.")
        : new("vm_not_ready", $"VM {vm.Id} is {vm.State.ToString().ToLowerInvariant()}; commands run once it is ready or degraded.", vm.State switch
        {
            VmState.Queued or VmState.Provisioning => $"Follow GET /vms/{vm.Id}/events until its state is ready.",
            VmState.Stopped => $"Start it with POST /vms/{vm.Id}/start; where somebody paused its domain on the host, virsh resume lets it go on.",
            _ => "It will not be ready again: make another one.",
        });
}
