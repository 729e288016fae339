using System.Text.Json;
using System.Text.Json.Serialization;

namespace AutoProvision.Client;

/// <summary>The part of the client that is written by hand, as the guide has it.</summary>
public partial class AutoProvisionClient
{
    // In a merge patch null is not the same as nothing (RFC 7396): it removes.
    static partial void UpdateJsonSerializerSettings(JsonSerializerOptions settings) => settings.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
}
