namespace AutoProvision.FaultTests.Fuzzing;

/// <summary>What a terminal's client may send once the connection is upgraded: messages, and what is none (RFC 6455, section 5.2).</summary>
internal static class WebSocketFrames
{
    private const int Text = 0x81, Binary = 0x82, Close = 0x88, Ping = 0x89, Pong = 0x8a;

    public static readonly string[] Handshake =
        ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];

    private static readonly string[] BadHandshakes =
        ["Sec-WebSocket-Version: 12", "Sec-WebSocket-Key: short", "Sec-WebSocket-Key: ", "Sec-WebSocket-Extensions: permessage-deflate; x=;;", "Sec-WebSocket-Protocol: a, b", "Origin: http://evil.example", "Connection: keep-alive", "Upgrade: h2c"];

    private static readonly string[] Frames =
    [
        "", Frame(Binary, "ls\n"), Frame(Text, "{\"type\":\"resize\",\"cols\":120,\"rows\":40}"), Frame(Text, "{\"type\":\"resize\",\"cols\":-1,\"rows\":99999}"), Frame(Text, "{\"type\":\"nonsense\"}"), Frame(Text, "{"), Frame(Text, "\xff"), Frame(Text, new string('[', 5_000)),
        Frame(Text, $"{{\"type\":\"{new string('a', 60_000)}\"}}"), Frame(Binary, new string('x', 60_000)), Frame(Close, "\x03\xe8"), Frame(Close, "\x03"), Frame(Close, "\0\0"), Frame(Ping, "x"), Frame(Pong, ""), Frame(Ping, new string('p', 126)), Frame(0x80, "x"), Frame(0x83, "x"),
        Frame(0xf2, "x"), Frame(0x02, "a") + Frame(0x80, "b"), Frame(0x02, "a") + Frame(Binary, "b"), "\x82\x01x", "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0x", "\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0x", "\x82\xfe\0\x01\0\0\0\0x", "\x82", string.Concat(Enumerable.Repeat(Frame(Ping, ""), 1_000)),
    ];

    public static string Some(Random random) => string.Concat(Enumerable.Range(0, random.Next(4)).Select(_ => Frames[random.Next(Frames.Length)]));

    public static string[] BadHandshake(Random random)
    {
        var odd = BadHandshakes[random.Next(BadHandshakes.Length)];
        return [.. Handshake.Where(line => line.Split(':')[0] != odd.Split(':')[0]), odd];
    }

    // Masked with zeros, which leave it as it is.
    private static string Frame(int first, string payload) => $"{(char)first}{Length(payload.Length)}\0\0\0\0{payload}";

    private static string Length(int length) => length < 126 ? $"{(char)(0x80 | length)}" : $"\xfe{(char)(length >> 8)}{(char)(length & 0xff)}";
}
