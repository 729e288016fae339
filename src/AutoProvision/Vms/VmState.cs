using System.Text.Json.Serialization;

namespace AutoProvision.Vms;

/// <summary>
/// Where a VM is in its life. <c>degraded</c> is reachable, but something in it is not as it was asked for, or cloud-init
/// reported errors; <c>unreachable</c> runs, but lets nobody in at present, and is tried again until it does.
/// </summary>
[JsonConverter(typeof(JsonStringEnumConverter<VmState>))]
public enum VmState
{
    [JsonStringEnumMemberName("queued")] Queued,
    [JsonStringEnumMemberName("provisioning")] Provisioning,
    [JsonStringEnumMemberName("ready")] Ready,
    [JsonStringEnumMemberName("degraded")] Degraded,
    [JsonStringEnumMemberName("failed")] Failed,
    [JsonStringEnumMemberName("stopped")] Stopped,
    [JsonStringEnumMemberName("deleting")] Deleting,
    [JsonStringEnumMemberName("deleted")] Deleted,

    // Last, as journals of version 2 have the numbers of those before it.
    [JsonStringEnumMemberName("unreachable")] Unreachable,
}
