namespace AutoProvision.FaultTests.Fuzzing;

/// <summary>Header lines.</summary>
internal static class HeaderValues
{
    private static readonly string[] Names =
    [
        "Last-Event-ID", "If-Match", "If-None-Match", "If-Range", "If-Modified-Since", "If-Unmodified-Since", "Range", "Content-Range", "Prefer", "Idempotency-Key", "Accept", "Accept-Encoding", "Accept-Language", "Origin",
        "Cookie", "Authorization", "X-Forwarded-For", "X-HTTP-Method-Override", "Content-Encoding", "Content-Language", "Forwarded", "Upgrade", "Connection", "Via", "traceparent", "baggage",
    ];

    private static readonly string[] Bad =
    [
        "", "*", "\"", "\"\"", "\"1\"", "W/\"1\"", "\"1\", \"2\", W/\"3\"", "\"unclosed", "0", "-1", "1", "12", "9223372036854775807", "9223372036854775808", "99999999999999999999999", "1e3", "NaN", ",,,,", ";", ";;q=1", "=", "a,b", "\xff\xfe", "\xc3\xa9", "a\tb",
        "bytes=0-", "bytes=-1", "bytes=-0", "bytes=5-1", "bytes=99999999999999999999-", "bytes=0-9223372036854775807", "bytes=a-b", "lines=1-2", $"bytes={string.Join(',', Enumerable.Repeat("0-0", 500))}",
        "wait", "wait=", "wait=-1", "wait=0", "wait=1; x=y", "wait=\"1\"", "wait=1, wait=2", "wait=1.5", "wait=4294967296", "respond-async", "text/event-stream;q=zz", "*/*;q=2", "text/html", "text/event-stream, */*", "/", "application/json;;;",
        "null", "http://evil.example", "http://[::1", "http://127.0.0.1", "http://127.0.0.1:1@evil.example", "file:///etc/passwd", "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 99 Foo 2026", "yesterday", "gzip", "br, gzip;q=0", "chunked", "h2c", "close", "keep-alive, close",
        "00-ffffffffffffffffffffffffffffffff-ffffffffffffffff-ff", new string('a', 255), new string('a', 256), new string('a', 6_000), new string(',', 6_000), string.Join(", ", Enumerable.Repeat("\"x\"", 1_500)),
    ];

    private static readonly string[] Hosts = ["", "evil.example", "127.0.0.1:99999", "127.0.0.1:0", "[::1", "a b", "127.0.0.1@evil.example", "localhost", "LOCALHOST.", "127.0.0.1.evil.example", "\xff", "$host$, evil.example", new string('a', 3_000)];

    /// <summary>Some of the headers that an operation knows, with values that belong there.</summary>
    public static IEnumerable<string> Valid(ApiOperation operation, Random random)
    {
        foreach (var parameter in operation.In("header").Where(_ => random.Next(3) == 0))
            yield return $"{parameter.Name}: {Value(parameter, random)}";
        if (operation.Answers.Values.Any(media => media.Contains("text/event-stream")) && random.Next(2) == 0)
            yield return "Accept: text/event-stream";
    }

    /// <summary>One header that has no business there, or not with that value.</summary>
    public static string Hostile(ApiOperation operation, Random random)
    {
        if (random.Next(12) == 0)
            return $"Host: {Hosts[random.Next(Hosts.Length)]}";
        var known = operation.In("header").ToList();
        var name = known.Count > 0 && random.Next(2) == 0 ? known[random.Next(known.Count)].Name : Names[random.Next(Names.Length)];
        return $"{name}: {Bad[random.Next(Bad.Length)]}";
    }

    private static string Value(ApiParameter parameter, Random random) => parameter.Name switch
    {
        // The same few in one round, so that requests come again.
        "Idempotency-Key" => $"key-$round$-{random.Next(8)}",
        "Prefer" => $"wait={random.Next(2)}",
        _ => parameter.Example?.ToString() ?? "1",
    };
}
