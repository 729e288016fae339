using System.Reflection;
using System.Text.Json.Serialization;

namespace AutoProvision.Vms;

/// <summary>Everything an event can be about. The names are part of the API and of the journal: they never change.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<VmEventType>))]
public enum VmEventType
{
    /// <summary>The VM's state changed, deletion included.</summary>
    [JsonStringEnumMemberName("state")]
    State,

    [JsonStringEnumMemberName("step.started")]
    StepStarted,

    [JsonStringEnumMemberName("step.completed")]
    StepCompleted,

    [JsonStringEnumMemberName("step.failed")]
    StepFailed,

    [JsonStringEnumMemberName("step.undone")]
    StepUndone,

    /// <summary>Something to know while a step runs, such as how far a download is.</summary>
    [JsonStringEnumMemberName("progress")]
    Progress,

    [JsonStringEnumMemberName("operation.started")]
    OperationStarted,

    [JsonStringEnumMemberName("operation.completed")]
    OperationCompleted,

    [JsonStringEnumMemberName("operation.failed")]
    OperationFailed,

    /// <summary>What the caller may change of a VM, such as its labels or its expiry, was changed.</summary>
    [JsonStringEnumMemberName("updated")]
    Updated,
}

public static class VmEventTypes
{
    private static readonly Dictionary<VmEventType, string> Names = Enum.GetValues<VmEventType>().ToDictionary(
        type => type, type => typeof(VmEventType).GetField(type.ToString())!.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()!.Name);

    private static readonly Dictionary<string, VmEventType> ByName = Names.ToDictionary(entry => entry.Value, entry => entry.Key);

    /// <summary>The names of all types.</summary>
    public static IEnumerable<string> All => Names.Values;

    /// <summary>The type's name in streams, webhooks and the journal.</summary>
    public static string Name(this VmEventType type) => Names[type];

    /// <summary>The type of this very name; null when there is none.</summary>
    public static VmEventType? Find(string name) => ByName.TryGetValue(name, out var type) ? type : null;
}
