namespace AutoProvision.FaultTests.Fuzzing;

/// <summary>A way to put a request on the wire, right or wrong.</summary>
/// <param name="Name">For a reader.</param>
/// <param name="Frame">From the head's lines (joined, without their end) and the body to what is sent.</param>
internal sealed record Framing(string Name, Func<string, string?, string> Frame)
{
    private const string End = "\r\n\r\n";

    public static readonly Framing Plain = new("plain", (head, body) => body is null ? head + End : $"{head}\r\nContent-Length: {body.Length}{End}{body}");

    /// <summary>A WebSocket's frames, behind the head without a length. Malformed ones end the connection by a reset, which may overtake the answer.</summary>
    public static readonly Framing Upgrade = new("upgrade", (head, body) => head + End + body) { MayBeDropped = true };

    public static readonly Framing Chunked = new("chunked", (head, body) => $"{head}\r\nTransfer-Encoding: chunked{End}{Chunks(body ?? "")}0{End}");

    public static readonly Framing[] Odd =
    [
        Chunked,
        .. ((string[])["80000000", "7fffffff", "ffffffff", "100000000", "7fffffffffffffff", "8000000000000000", "ffffffffffffffffff", "-1", "", "zz", "0x5", " 5", "5 ", "+5", "1e1", new string('0', 5_000), $"5;{new string('x', 20_000)}"])
            .Select(size => new Framing($"chunk size {Bytes.Show(size, 24)}", (head, body) => $"{head}\r\nTransfer-Encoding: chunked{End}{size}\r\n{body}hello\r\n0{End}") { HalfCloses = true, MayBeDropped = true }),
        new("chunk without its line end", (head, body) => $"{head}\r\nTransfer-Encoding: chunked{End}5\r\nhelloX0{End}") { HalfCloses = true, MayBeDropped = true },
        new("chunks with trailers", (head, body) => $"{head}\r\nTransfer-Encoding: chunked{End}{Chunks(body ?? "")}0\r\nX-A: b\r\nContent-Length: 7{End}"),
        new("chunks, cut off", (head, body) => $"{head}\r\nTransfer-Encoding: chunked{End}{Chunks(body ?? "")}") { HalfCloses = true, MayBeDropped = true },
        .. ((string[])["2147483648", "9223372036854775807", "9223372036854775808", "-1", "five", "", "+1", "1, 1", "0x1", "1e1"])
            .Select(length => new Framing($"length {length}", (head, body) => $"{head}\r\nContent-Length: {length}{End}{body}") { HalfCloses = true, MayBeDropped = true }),
        new("two lengths", (head, body) => $"{head}\r\nContent-Length: 1\r\nContent-Length: 2{End}{body}") { HalfCloses = true, MayBeDropped = true },
        new("length and chunked", (head, body) => $"{head}\r\nContent-Length: 3\r\nTransfer-Encoding: chunked{End}{Chunks(body ?? "")}0{End}") { MayBeDropped = true },
        new("gzip, chunked", (head, body) => $"{head}\r\nTransfer-Encoding: gzip, chunked{End}{Chunks(body ?? "")}0{End}") { MayBeDropped = true },
        new("gzip as transfer coding", (head, body) => $"{head}\r\nTransfer-Encoding: gzip{End}{body}") { HalfCloses = true, MayBeDropped = true },
        new("length too long", (head, body) => $"{head}\r\nContent-Length: {(body?.Length ?? 0) + 7}{End}{body}") { HalfCloses = true, MayBeDropped = true },
        new("length too short", (head, body) => $"{head}\r\nContent-Length: {(body?.Length ?? 0) / 2}{End}{body}") { MayBeDropped = true },
        new("half a head", (head, _) => head[..(head.Length / 2)]) { HangsUp = true },
        new("half a head, half closed", (head, _) => head[..(head.Length / 2)]) { HalfCloses = true, MayBeDropped = true },
        new("half a body", (head, body) => Half(Plain.Frame(head, body ?? "hello"), body ?? "hello")) { HangsUp = true },
        new("hung up at once", Plain.Frame) { HangsUp = true },
        new("three in a row", (head, body) => string.Concat(Enumerable.Repeat(Plain.Frame(head, body), 3))),
        new("HTTP/1.0", (head, body) => Plain.Frame(head.Replace(" HTTP/1.1", " HTTP/1.0", StringComparison.Ordinal), body)),
        new("HTTP/9.9", (head, body) => Plain.Frame(head.Replace(" HTTP/1.1", " HTTP/9.9", StringComparison.Ordinal), body)),
        new("no version", (head, body) => Plain.Frame(head.Replace(" HTTP/1.1", "", StringComparison.Ordinal), body)) { HalfCloses = true, MayBeDropped = true },
        new("HTTP/2", (_, _) => $"PRI * HTTP/2.0{End}SM{End}\0\0\0\x04\0\0\0\0\0") { HalfCloses = true, MayBeDropped = true },
        new("TLS", (_, _) => "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03") { HalfCloses = true, MayBeDropped = true },
        new("line feeds alone", (head, body) => Plain.Frame(head, body).Replace("\r\n", "\n", StringComparison.Ordinal)) { HalfCloses = true, MayBeDropped = true },
        new("empty lines before", (head, body) => "\r\n\r\n" + Plain.Frame(head, body)) { HalfCloses = true, MayBeDropped = true },
        new("a folded header", With("X-A: b\r\n c")), new("space before the colon", With("X-A : b")), new("a header without a name", With(": b")), new("a header without a colon", With("nonsense")), new("NUL in a header", With("X-A: b\0c")),
        new("bare CR in a header", With("X-A: b\rc")), new("a header of 32 KiB", With($"X-A: {new string('a', 32_768)}")) { MayBeDropped = true }, new("200 headers", With(string.Join("\r\n", Enumerable.Range(0, 200).Select(at => $"X-{at}: b")))) { MayBeDropped = true },
        new("two hosts", With("Host: evil.example")), new("two content types", With("Content-Type: text/plain")), new("Expect: 100-continue", With("Expect: 100-continue")), new("Expect: nonsense", With("Expect: nonsense")), new("Upgrade: h2c", With("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA")),
        new("Connection: close", With("Connection: close")), new("no host", (head, body) => Plain.Frame(head.Replace("\r\nHost:", "\r\nX-Host:", StringComparison.Ordinal), body)),
        new("a target of 16 KiB", (head, body) => Plain.Frame(head.Replace(" HTTP/1.1", $"?{new string('x', 16_384)} HTTP/1.1", StringComparison.Ordinal), body)) { MayBeDropped = true },
        new("a target with a fragment", (head, body) => Plain.Frame(head.Replace(" HTTP/1.1", "#x HTTP/1.1", StringComparison.Ordinal), body)), new("two spaces", (head, body) => Plain.Frame(head.Replace(" HTTP/1.1", "  HTTP/1.1", StringComparison.Ordinal), body)),
        new("an absolute target", (head, body) => Plain.Frame(Target(head, "http://evil.example/vms"), body)), new("a target of another scheme", (head, body) => Plain.Frame(Target(head, "ftp://x/vms"), body)), new("target *", (head, body) => Plain.Frame(Target(head, "*"), body)), new("no target", (head, body) => Plain.Frame(Target(head, ""), body)),
        new("CONNECT", (head, body) => Plain.Frame(Method(Target(head, "127.0.0.1:22"), "CONNECT"), body)),
        .. ((string[])["HEAD", "OPTIONS", "PATCH", "PUT", "DELETE", "POST", "GET", "TRACE", "QUERY", "get", "BREW", new string('M', 5_000), "G\0T", "G\"T"]).Select(method => new Framing($"method {Bytes.Show(method, 12)}", (head, body) => Plain.Frame(Method(head, method), body)) { MayBeDropped = method.Length > 100 }),
    ];

    /// <summary>It says that it sends no more, so that the service need not wait for the rest.</summary>
    public bool HalfCloses { get; init; }

    /// <summary>The service may close the connection without a word.</summary>
    public bool MayBeDropped { get; init; }

    /// <summary>It is gone before it is answered.</summary>
    public bool HangsUp { get; init; }

    private static string Chunks(string body) => string.Concat(body.Chunk(1_000).Select(part => $"{part.Length:x}\r\n{new string(part)}\r\n"));

    private static string Half(string wire, string body) => wire[..^((body.Length + 1) / 2)];

    private static Func<string, string?, string> With(string line) => (head, body) => Plain.Frame($"{head}\r\n{line}", body);

    private static string Method(string head, string method) => method + head[head.IndexOf(' ', StringComparison.Ordinal)..];

    private static string Target(string head, string target)
    {
        var from = head.IndexOf(' ', StringComparison.Ordinal) + 1;
        return head[..from] + target + head[head.IndexOf(" HTTP/1.1", StringComparison.Ordinal)..];
    }
}
