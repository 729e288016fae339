using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AutoProvision.Vms;

/// <summary>
/// What a client marks a request with, so that it can send it again when the answer was lost
/// (https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/).
/// </summary>
/// <param name="Value">The key, as the client chose it.</param>
/// <param name="Fingerprint">SHA-256 of what was asked for; spaces, order and nulls of the body do not matter.</param>
public sealed record IdempotencyKey(string Value, string Fingerprint)
{
    private const int MaxLength = 255;
    private static readonly JsonSerializerOptions Canonical = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>How long a key stands for its VM.</summary>
    public static TimeSpan Lifetime { get; } = TimeSpan.FromHours(24);

    /// <returns>Null where there is no key, or where it or the request has a fault: then the request is refused.</returns>
    public static IdempotencyKey? For<T>(string? value, T request, IReadOnlyList<Fault> faults) => value is null || faults.Count > 0 ? null
        : new(value, Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(request, Canonical))));

    /// <summary>The request's faults, and the key's where it is empty, longer than 255 characters, not printable ASCII, or holds a comma.</summary>
    // A comma is what HTTP puts between the values of a header that was sent twice.
    public static IReadOnlyList<Fault> Check(string? value, IReadOnlyList<Fault> shape) => value is null or { Length: > 0 and <= MaxLength } && (value ?? "").All(c => c is >= ' ' and <= '~' and not ',')
        ? shape
        : FaultTally.Of(shape).With(new Fault("/Idempotency-Key", "idempotency_key_invalid", "The Idempotency-Key cannot be used.", $"1 to {MaxLength} characters of printable ASCII without commas, such as a UUID; one such header."));
}

/// <summary>A key as it is journalled.</summary>
/// <param name="Key">The key and what was asked for with it.</param>
/// <param name="Vm">The VM that it stands for.</param>
/// <param name="At">When it was first seen.</param>
public sealed record KeptKey(IdempotencyKey Key, Guid Vm, DateTimeOffset At);
