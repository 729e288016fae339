using System.Text.Json.Serialization;
using AutoProvision.Hypervisors;

namespace AutoProvision.Vms;

/// <summary>One virtual machine as the service knows it. Immutable: <see cref="VmStore.Update"/> swaps it for its successor.</summary>
public sealed record Vm
{
    /// <summary>The service's id and at the same time the libvirt domain's UUID, so that nothing is ever removed by a name alone.</summary>
    public required Guid Id { get; init; }

    public required VmSpec Spec { get; init; }

    public required VmState State { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The NIC's MAC address, lower case with colons.</summary>
    public required string Mac { get; init; }

    /// <summary>MAC addresses of the further NICs, in their order.</summary>
    public IReadOnlyList<string> MoreMacs { get; init; } = [];

    /// <summary>The caller's own marks, to find VMs by.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>When the VM is deleted by itself; null is never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The VM that this one's disks are a copy of; null for one that is made from its image.</summary>
    public Guid? CloneOf { get; init; }

    /// <summary>What is being done to a VM that was made already; null when nothing is.</summary>
    public VmOperation? Operation { get; init; }

    /// <summary>Why its last operation failed; null when it did not, and as soon as another one is begun.</summary>
    public Failure? OperationFailure { get; init; }

    /// <summary>Its snapshots, oldest first.</summary>
    public IReadOnlyList<VmSnapshot> Snapshots { get; init; } = [];

    /// <summary>The step that runs now or that the VM failed in.</summary>
    public string? Step { get; init; }

    /// <summary>Names of the steps that were begun and not undone yet, oldest first: what tear-down has to undo.</summary>
    public IReadOnlyList<string> Begun { get; init; } = [];

    /// <summary>Names of the steps that were finished and not undone since: a job that was cut off goes on after them.</summary>
    public IReadOnlyList<string> Done { get; init; } = [];

    public string? Address { get; init; }

    /// <summary>Every address that was seen of the guest, IPv6 too, when it became ready.</summary>
    public IReadOnlyList<string> Addresses { get; init; } = [];

    /// <summary>The guest's SSH host key (public line), made by us and injected, so that it is known before the first connection.</summary>
    public string? HostKey { get; init; }

    /// <summary>The user key's public line; the private half stays in the VM's key directory.</summary>
    public string? PublicKey { get; init; }

    /// <summary>The public line of the key of the service's own account in the guest; null for VMs of before there was one.</summary>
    public string? ServiceKey { get; init; }

    /// <summary>Whether that account was seen not to get in, so that the user's login does its work. It is tried again once the VM was started again.</summary>
    public bool IsServiceShutOut { get; init; }

    public DateTimeOffset? ReadyAt { get; init; }

    public DateTimeOffset? DeletedAt { get; init; }

    /// <summary>cloud-init's complaint about a VM that is to be degraded once its last step is done.</summary>
    public Failure? Degradation { get; init; }

    /// <summary>How much of its spec was looked at in the guest; null until it was asked, and for VMs of before it was.</summary>
    public Verified? Verified { get; init; }

    /// <summary>The guest's boot id as SSH first worked; only of a VM whose user-data has a <c>power_state</c>.</summary>
    public string? FirstBoot { get; init; }

    /// <summary>Why the VM is failed or degraded.</summary>
    public Failure? Failure { get; init; }

    /// <summary>Why nobody gets in while the VM is unreachable; null in every other state. <see cref="Failure"/> stays for the time after that.</summary>
    public Failure? Obstacle { get; init; }

    /// <summary>What tear-down could not remove, and why.</summary>
    public IReadOnlyList<Failure> Leftovers { get; init; } = [];

    /// <summary>Sequence number of the VM's newest event.</summary>
    public long Version { get; init; }

    /// <summary>Its NICs, the first one first, as the hypervisor makes them.</summary>
    [JsonIgnore]
    public IReadOnlyList<Nic> Nics => [new(Mac, Spec.Network?.Network), .. Spec.Nics.Zip(MoreMacs, (nic, mac) => new Nic(mac, nic.Network))];

    /// <summary>The VM as it is once its deletion was asked for, which ends whatever was being done to it; itself where it goes already.</summary>
    public Vm Going() => State is VmState.Deleting or VmState.Deleted ? this : this with { State = VmState.Deleting, Operation = null, Obstacle = null };

    /// <summary>The VM as it is once its user could log in: ready, or degraded as it was.</summary>
    public Vm LettingIn() => this with { State = Failure is null ? VmState.Ready : VmState.Degraded, Obstacle = null, IsServiceShutOut = false };

    /// <summary>The VM whose domain runs, but which lets nobody in.</summary>
    public Vm ShuttingOut(Failure obstacle) => this with { State = VmState.Unreachable, Obstacle = obstacle };

    /// <summary>The VM whose domain does not run.</summary>
    public Vm Off() => this with { State = VmState.Stopped, Obstacle = null };

    /// <summary>Whether its guest runs.</summary>
    [JsonIgnore]
    public bool IsOn => State is VmState.Ready or VmState.Degraded or VmState.Unreachable;

    /// <summary>Whether it was made and is there, on or off, so that it can be worked on.</summary>
    [JsonIgnore]
    public bool IsMade => IsOn || State == VmState.Stopped;

    /// <summary>Whether a job is making or changing it, so that its domain changes by our own doing.</summary>
    [JsonIgnore]
    public bool IsWorkedOn => Operation is not null || State == VmState.Provisioning;

    /// <summary>A VM that someone can log in to, or at least try to.</summary>
    public bool IsReachable => IsOn && Operation?.Kind is not (OperationKind.Stop or OperationKind.Restart or OperationKind.Resize or OperationKind.RestoreSnapshot);
}
