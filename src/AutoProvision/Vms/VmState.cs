using System.Text.Json.Serialization;

namespace AutoProvision.Vms;

/// <summary>Where a VM is in its life. <c>degraded</c> is reachable, but cloud-init reported errors.</summary>
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
}
