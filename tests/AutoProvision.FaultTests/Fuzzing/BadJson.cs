namespace AutoProvision.FaultTests.Fuzzing;

/// <summary>JSON values, well-formed or not, that a careless reader trips over.</summary>
internal static class BadJson
{
    public static readonly string[] Numbers =
    [
        "-1", "0", "-0", "1", "0.5", "1E2", "64", "65", "65536", "65537", "2147483647", "2147483648", "-2147483648", "-2147483649", "4294967296",
        "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1e400", "-1e400", "1e-400", "01", "+1", ".5", "1.", "NaN", "Infinity", "-Infinity", "0x10", "1_000",
        new string('9', 10_000), $"0.{new string('1', 10_000)}",
    ];

    public static readonly string[] Strings =
    [
        "\"\"", "\" \"", "\"\\u0000\"", "\"a\\u0000b\"", "\"\\u001b[31m\"", "\"\\n\"", "\"a\\r\\nX: y\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\ufeff\"", "\"\\u202etxt\"", "\"\\u2028\"",
        "\"../../etc/passwd\"", "\"/etc/../../x\"", "\"'; rm -rf / #\"", "\"$(id)\"", "\"`id`\"", "\"{{7*7}}\"", "\"%s%n%d\"", "\"<script>\"", "\"-rf\"", "\"#0\"", "\"null\"", "\"P1Y\"", "\"-2h\"", "\"9999999999999d\"",
        "\"0001-01-01T00:00:00Z\"", "\"9999-12-31T23:59:59.9999999Z\"", "\"9999-12-31T23:59:59-14:00\"", "\"0.0.0.0\"", "\"256.1.1.1\"", "\"::ffff:1.2.3.4\"", "\"192.168.122.1\"",
        Bytes.Of("\"\u00e9\U0001F600\""), "\"\xff\xfe\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"a\u0001b\"", "\"a\tb\"", "\"\\x\"", "\"\\u12\"", "\"unclosed",
        Text(63), Text(64), Text(255), Text(256), Text(8_001), Text(65_536), Text(1_000_000),
    ];

    public static readonly string[] Others =
    [
        "null", "true", "\"text\"", "0", "[]", "{}", "[[]]", "[null]", "{\"a\":{}}", "{\"\":\"\"}", "[1,\"a\",{}]", "", "undefined", "'single'", "/*c*/1", "[1,]", "{\"a\":1,}", "{a:1}", "}", "]", "[", "{",
        Deep(65), Deep(1_000), Deep(100_000), new string('[', 100_000), string.Concat(Enumerable.Repeat("{\"a\":", 10_000)),
    ];

    /// <summary>Lists and objects with more entries than anybody needs.</summary>
    public static readonly string[] Long =
    [
        List(1_000, _ => "\"a\""), List(50_000, _ => "1"), List(50_000, _ => "null"), List(20_000, _ => "{}"), List(5_000, at => $"{{\"path\":\"/x{at}\",\"content\":\"\"}}"), List(2_000, at => $"{{\"name\":\"u{at}\"}}"),
        Map(1_000, at => $"k{at}"), Map(50_000, at => $"k{at}"), Map(20_000, at => $"K {at}~/"), Map(20, at => new string((char)('a' + at), 50_000)),
    ];

    private static string Text(int length) => $"\"{new string('a', length)}\"";

    private static string Deep(int levels) => new string('[', levels) + new string(']', levels);

    private static string List(int count, Func<int, string> item) => $"[{string.Join(',', Enumerable.Range(0, count).Select(item))}]";

    private static string Map(int count, Func<int, string> key) => $"{{{string.Join(',', Enumerable.Range(0, count).Select(at => $"\"{key(at)}\":\"v\""))}}}";
}
