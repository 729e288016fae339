using System.Text.Json.Serialization;

namespace AutoProvision.Vms;

/// <summary>Something that is being done to a VM; there is one at a time, and a restart of the service goes on with it.</summary>
/// <param name="Kind">What.</param>
/// <param name="StartedAt">Since when.</param>
public sealed record VmOperation(OperationKind Kind, DateTimeOffset StartedAt)
{
    /// <summary>Name of the snapshot that it is about.</summary>
    public string? Snapshot { get; init; }

    /// <summary>The sizes that a resize is to bring.</summary>
    public VmSize? Size { get; init; }

    /// <summary>How long a stop waits for the guest to switch itself off, in seconds, before it is switched off; 0 does not ask it.</summary>
    public int? GraceSeconds { get; init; }

    /// <summary>Whether the guest ran when it began, and is to run when it ends.</summary>
    public bool WasRunning { get; init; }

    /// <summary>The caller's words for a snapshot.</summary>
    public string? Description { get; init; }

    /// <summary>The VM that is being made as a copy of this one.</summary>
    public Guid? Copy { get; init; }

    /// <summary>Whether a VM that is off is on when it has gone well.</summary>
    [JsonIgnore]
    public bool SwitchesOn => Kind is OperationKind.Start or OperationKind.Restart || (Kind is OperationKind.Resize or OperationKind.RestoreSnapshot && WasRunning);
}

[JsonConverter(typeof(JsonStringEnumConverter<OperationKind>))]
public enum OperationKind
{
    [JsonStringEnumMemberName("start")] Start,
    [JsonStringEnumMemberName("stop")] Stop,
    [JsonStringEnumMemberName("restart")] Restart,
    [JsonStringEnumMemberName("resize")] Resize,
    [JsonStringEnumMemberName("snapshot")] Snapshot,
    [JsonStringEnumMemberName("restoreSnapshot")] RestoreSnapshot,
    [JsonStringEnumMemberName("deleteSnapshot")] DeleteSnapshot,

    /// <summary>Another VM is being made as a copy of this one.</summary>
    [JsonStringEnumMemberName("clone")] Clone,
}

internal static class OperationKindExtensions
{
    /// <summary>As the API writes it.</summary>
    public static string Word(this OperationKind kind) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(kind.ToString());
}

/// <param name="Cpus">Virtual CPUs.</param>
/// <param name="MemoryMiB">Memory in MiB.</param>
/// <param name="DiskGiB">Size of the root disk in GiB.</param>
public sealed record VmSize(int Cpus, int MemoryMiB, int DiskGiB);

/// <param name="Name">An RFC 1123 label, unique within the VM.</param>
/// <param name="CreatedAt">When it was taken.</param>
/// <param name="IsRunning">Whether the guest ran: then its memory is part of it, and it runs on from there when it is restored.</param>
/// <param name="Size">The VM's sizes then; they come back with it.</param>
/// <param name="Description">The caller's own words.</param>
public sealed record VmSnapshot(string Name, DateTimeOffset CreatedAt, bool IsRunning, VmSize Size, string? Description = null);
