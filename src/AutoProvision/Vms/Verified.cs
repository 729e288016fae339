using System.Text.Json.Serialization;

namespace AutoProvision.Vms;

/// <summary>
/// How much of what was asked for was looked at in the guest when it came up: <c>full</c> is all of it (of a copy: all that is made for it), <c>none</c> nothing, as in a guest
/// that does not run the service's scripts.
/// </summary>
[JsonConverter(typeof(JsonStringEnumConverter<Verified>))]
public enum Verified
{
    [JsonStringEnumMemberName("none")] None,
    [JsonStringEnumMemberName("partial")] Partial,
    [JsonStringEnumMemberName("full")] Full,
}

/// <summary>One thing in the guest that is not as it was asked for.</summary>
/// <param name="Pointer">JSON pointer into the request.</param>
/// <param name="Expected">What should be there.</param>
/// <param name="Seen">What was found. Of a file's content neither is quoted.</param>
public sealed record SpecMismatch(string Pointer, string Expected, string Seen);
