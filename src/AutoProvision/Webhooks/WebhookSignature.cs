using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AutoProvision.Vms;

namespace AutoProvision.Webhooks;

/// <summary>
/// The headers by which a receiver knows a delivery, after Standard Webhooks 1.0.0
/// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md), for which there are libraries.
/// </summary>
internal static class WebhookSignature
{
    public const string Id = "webhook-id";
    public const string Timestamp = "webhook-timestamp";
    public const string Signature = "webhook-signature";
    private const string Prefix = "whsec_";
    private const int LeastBytes = 24;
    private const int MostBytes = 64;

    /// <summary>The secret's bytes; null where it is none.</summary>
    public static byte[]? ReadSecret(string text)
    {
        var bytes = new byte[MostBytes + 1];
        return text.StartsWith(Prefix, StringComparison.Ordinal)
            && Convert.TryFromBase64String(text[Prefix.Length..], bytes, out var count) && count is >= LeastBytes and <= MostBytes
                ? bytes[..count] : null;
    }

    /// <summary>The delivery's id: the same at each attempt, and no other event's, of whatever service.</summary>
    public static string IdOf(VmEvent what) => $"evt_{what.Vm:N}_{what.Seq}";

    /// <summary>The three headers of one attempt.</summary>
    /// <param name="secret">The secret's bytes.</param>
    /// <param name="what">The event.</param>
    /// <param name="body">The body, byte for byte.</param>
    /// <param name="now">When the attempt is made; receivers refuse old ones.</param>
    public static (string Name, string Value)[] Headers(byte[] secret, VmEvent what, byte[] body, DateTimeOffset now)
    {
        var (id, at) = (IdOf(what), now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        return [(Id, id), (Timestamp, at), (Signature, Sign(secret, id, at, body))];
    }

    public static string Sign(byte[] secret, string id, string timestamp, byte[] body)
    {
        byte[] content = [.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. body];
        return $"v1,{Convert.ToBase64String(HMACSHA256.HashData(secret, content))}";
    }
}
