using AutoProvision.Vms;

namespace AutoProvision.Api;

/// <summary>A VM as the API shows it.</summary>
public sealed record VmResource
{
    public required Guid Id { get; init; }

    public required string Name { get; init; }

    public required VmState State { get; init; }

    /// <summary>While it is queued: its place in the queue, from 1.</summary>
    public int? QueuePosition { get; init; }

    /// <summary>The step that runs now or that the VM failed in.</summary>
    public string? Step { get; init; }

    public required string Image { get; init; }

    public required int Cpus { get; init; }

    public required int MemoryMiB { get; init; }

    public required int DiskGiB { get; init; }

    /// <summary>The disks beside the root disk.</summary>
    public required IReadOnlyList<VmDisk> Disks { get; init; }

    /// <summary>Your own marks.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>When the VM is deleted by itself.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The VM that this one is a copy of.</summary>
    public Guid? CloneOf { get; init; }

    /// <summary>The user that SSH and exec log in as.</summary>
    public required string User { get; init; }

    /// <summary>IP address, once the guest has one.</summary>
    public string? Address { get; init; }

    /// <summary>Every address that was seen of the guest, IPv6 too, when it became ready.</summary>
    public required IReadOnlyList<string> Addresses { get; init; }

    /// <summary>The first NIC's MAC address.</summary>
    public required string Mac { get; init; }

    /// <summary>All NICs, the first one first.</summary>
    public required IReadOnlyList<NicResource> Nics { get; init; }

    /// <summary>The guest's SSH host key: known before its first boot, verified at every connection.</summary>
    public string? HostKey { get; init; }

    /// <summary>The public half of the key that the service logs in with.</summary>
    public string? PublicKey { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ReadyAt { get; init; }

    public DateTimeOffset? DeletedAt { get; init; }

    /// <summary>How much of what was asked for was looked at in the guest when it came up. What is not as it was asked for makes the VM degraded, with the failure `spec_not_met`.</summary>
    public Verified? Verified { get; init; }

    /// <summary>Why the VM is failed, degraded or unreachable.</summary>
    public Failure? Failure { get; init; }

    /// <summary>What is being done to the VM, since it was made.</summary>
    public VmOperation? Operation { get; init; }

    /// <summary>Why its last operation failed.</summary>
    public Failure? OperationFailure { get; init; }

    /// <summary>What tear-down could not remove yet, and why.</summary>
    public required IReadOnlyList<Failure> Leftovers { get; init; }

    /// <summary>Sequence number of the VM's newest event.</summary>
    public required long Version { get; init; }

    public static VmResource From(Vm vm, int? queuePosition) => new()
    {
        Id = vm.Id,
        Name = vm.Spec.Name,
        State = vm.State,
        QueuePosition = queuePosition,
        Step = vm.Step,
        Image = vm.Spec.Image,
        Cpus = vm.Spec.Cpus,
        MemoryMiB = vm.Spec.MemoryMiB,
        DiskGiB = vm.Spec.DiskGiB,
        Disks = vm.Spec.Disks,
        Labels = vm.Labels,
        ExpiresAt = vm.ExpiresAt,
        CloneOf = vm.CloneOf,
        User = vm.Spec.User,
        Address = vm.Address,
        Addresses = vm.Addresses,
        Mac = vm.Mac,
        Nics = [.. vm.Nics.Select((nic, index) => new NicResource(nic.Mac, nic.Network, AddressOf(vm, index)))],
        HostKey = vm.HostKey,
        PublicKey = vm.PublicKey,
        CreatedAt = vm.CreatedAt,
        ReadyAt = vm.ReadyAt,
        DeletedAt = vm.DeletedAt,
        Verified = vm.Verified,
        Failure = vm.Obstacle ?? vm.Failure,
        Operation = vm.Operation,
        OperationFailure = vm.OperationFailure,
        Leftovers = vm.Leftovers,
        Version = vm.Version,
    };

    private static string? AddressOf(Vm vm, int nic) => nic == 0 ? vm.Address ?? vm.Spec.Network?.Address : vm.Spec.Nics[nic - 1].Address;
}

/// <param name="Mac">Its MAC address.</param>
/// <param name="Network">The network that it is attached to; left out for the service's own.</param>
/// <param name="Address">The address that is kept for it, or that the first NIC was given.</param>
public sealed record NicResource(string Mac, string? Network, string? Address);
