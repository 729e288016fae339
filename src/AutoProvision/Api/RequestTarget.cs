using System.Text;

namespace AutoProvision.Api;

/// <summary>
/// What a request target must not have in its path. A server takes "." and ".." out of a path before it looks for the route
/// (RFC 3986, section 5.2.4), in any spelling, so that <c>/vms/ID/snapshots/%2e%2e</c> would be the VM itself.
/// </summary>
internal static class RequestTarget
{
    private static readonly string[] Schemes = ["http://", "https://"];
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <param name="target">The target as it was sent, with its query.</param>
    /// <returns>What is wrong with it in words; null where nothing is.</returns>
    public static string? FindFault(string target)
    {
        // A question about the server as a whole (RFC 9112, section 3.2.4).
        if (target == "*")
            return null;
        if (PathOf(target) is not { } path)
            return "it is neither a path nor a URL of http or https";
        if (path.Contains('#'))
            return "it has a \"#\", which a client must not send";
        if (path.Contains('\\'))
            return "it has a backslash";
        var segments = path.Split('/');
        // Before the first slash there is nothing; behind the last there may be nothing.
        return segments.AsSpan(1..^1).Contains("") ? "it has two slashes in a row" : segments.Select(FaultOf).FirstOrDefault(fault => fault is not null);
    }

    private static string? FaultOf(string segment)
    {
        var bytes = new List<byte>(segment.Length);
        for (var at = 0; at < segment.Length; at++)
        {
            if (segment[at] != '%')
            {
                if (!char.IsAscii(segment[at]))
                    return "it has a character beyond ASCII that is not percent-encoded";
                bytes.Add((byte)segment[at]);
                continue;
            }
            if (at + 2 >= segment.Length || !char.IsAsciiHexDigit(segment[at + 1]) || !char.IsAsciiHexDigit(segment[at + 2]))
                return "it has a \"%\" without two hexadecimal digits behind it";
            var value = Convert.FromHexString(segment.AsSpan(at + 1, 2))[0];
            if (value is (byte)'/' or (byte)'\\')
                return "it has an encoded slash or backslash";
            bytes.Add(value);
            at += 2;
        }
        return FaultOf(bytes.ToArray());
    }

    private static string? FaultOf(byte[] segment)
    {
        try
        {
            var text = Utf8.GetString(segment);
            return text is "." or ".." ? $"it has the dot segment \"{text}\""
                : text.Any(char.IsControl) ? "it has a control character"
                : null;
        }
        catch (DecoderFallbackException)
        {
            return "its percent-encoded bytes are not UTF-8";
        }
    }

    // The path with its first slash. A client of a proxy sends the whole URL (RFC 9112, section 3.2.2).
    private static string? PathOf(string target)
    {
        var whole = target.Split('?', 2)[0];
        if (whole.StartsWith('/'))
            return whole;
        var start = Array.Find(Schemes, scheme => whole.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))?.Length;
        if (start is null)
            return null;
        var end = whole.AsSpan(start.Value).IndexOfAny("/\\#");
        return end < 0 ? "/" : whole[(start.Value + end)..];
    }
}
