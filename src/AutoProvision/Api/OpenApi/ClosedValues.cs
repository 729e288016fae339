using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using AutoProvision.Hypervisors;
using AutoProvision.Images;
using AutoProvision.Vms;

namespace AutoProvision.Api.OpenApi;

/// <summary>Members that are text in C# and one of a few words in JSON; enums tell their words themselves.</summary>
internal static class ClosedValues
{
    private static readonly Dictionary<(Type Owner, string Member), string[]> Words = new()
    {
        [(typeof(VmEvent), "type")] = Constants(typeof(VmEventTypes)),
        [(typeof(HealthAnswer), "status")] = ["ok", "unready"],
        [(typeof(AcceleratorReport), "kind")] = ["kvm", "emulation"],
        [(typeof(ImageStatus), "source")] = ["file", "url", "build"],
    };

    /// <summary>The words of one member; null where it is open.</summary>
    public static IList<JsonNode>? Of(JsonPropertyInfo? member) =>
        member is not null && Words.TryGetValue((member.DeclaringType, member.Name), out var words)
            ? [.. words.Select(word => (JsonNode)JsonValue.Create(word))]
            : null;

    // A list of names that is added to is right here as well.
    private static string[] Constants(Type names) =>
        [.. names.GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!)];
}
