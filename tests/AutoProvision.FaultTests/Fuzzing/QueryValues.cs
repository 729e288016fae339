using System.Globalization;
using System.Text.Json;

namespace AutoProvision.FaultTests.Fuzzing;

/// <summary>Query strings.</summary>
internal static class QueryValues
{
    private static readonly string[] Bad =
    [
        "", "%20", "0", "-1", "1", "01", "+1", "1001", "2147483647", "2147483648", "9223372036854775808", "1e3", "0x10", "NaN", "%00", "a%00b", "%ff", "%F0%9F%98%80", "%0d%0aX:%20y", "%", "%zz", "true", "TRUE", "yes",
        "null", "ready,ready", ",,,", "=", "==", "a=b=c", "a%3Db", "..%2f..", "%2f..%2f..", "%2fproc%2fself%2fmem", "%2f%2f", "%2ftmp%2f", "relative", "%2ftmp%2f%0a", "*", "$(id)", "\xff", "now", "oldest", "ready",
        "00000000000000000000000000000000", "$vm0$", "$nd0$", new string('a', 5_000), new string(',', 5_000), $"%2f{new string('d', 300)}", string.Concat(Enumerable.Repeat("%2fd", 1_500)),
    ];

    private static readonly string[] Names = ["x", "", "%00", "ID", "limit%20", "label[]", "__proto__", "%ff", new string('q', 2_000)];

    /// <summary>Parameters that belong there, with values that belong there.</summary>
    public static string Valid(ApiOperation operation, ApiDocument document, Random random) =>
        Join(operation.In("query").Where(parameter => parameter.IsRequired || random.Next(3) == 0).Select(parameter => $"{parameter.Name}={Value(operation, parameter, document, random)}"));

    /// <summary>The same with something that does not.</summary>
    public static string Hostile(ApiOperation operation, ApiDocument document, Random random)
    {
        var known = operation.In("query").ToList();
        var name = known.Count > 0 && random.Next(4) > 0 ? known[random.Next(known.Count)].Name : Names[random.Next(Names.Length)];
        var odd = $"{name}={(known.Find(parameter => parameter.Name == name) is { } it && random.Next(2) == 0 ? Beyond(it, random) : null) ?? Bad[random.Next(Bad.Length)]}";
        var kept = known.Where(parameter => parameter.Name != name && parameter.IsRequired).Select(parameter => $"{parameter.Name}={Value(operation, parameter, document, random)}");
        return Join(random.Next(8) switch
        {
            0 => [],
            1 => [.. kept, odd, odd],
            2 => [.. kept, .. Enumerable.Repeat(odd.Length < 40 ? odd : name, 150)],
            3 => [.. kept, name],
            4 => [.. kept, odd.ToUpperInvariant()],
            _ => [.. kept, odd],
        });
    }

    // One less than the least, or one more than the most.
    private static string? Beyond(ApiParameter parameter, Random random) => (random.Next(2) == 0, parameter.Schema) switch
    {
        (true, var schema) when schema.TryGetProperty("minimum", out var least) => (least.GetInt64() - 1).ToString(CultureInfo.InvariantCulture),
        (false, var schema) when schema.TryGetProperty("maximum", out var most) => (most.GetInt64() + 1).ToString(CultureInfo.InvariantCulture),
        _ => null,
    };

    private static string Join(IEnumerable<string> pairs) => string.Join('&', pairs) is { Length: > 0 } text ? $"?{text}" : "";

    private static string Value(ApiOperation operation, ApiParameter parameter, ApiDocument document, Random random) => parameter.Name switch
    {
        // What every VM here has stays.
        "path" when operation.Method == "DELETE" => $"%2ftmp%2f{Any(random, "f", "d")}{random.Next(5)}",
        "path" => Any(random, "%2ftmp", "%2fetc%2fpasswd", "%2ftmp%2ff1", $"%2ftmp%2ff{random.Next(5)}", $"%2ftmp%2fd{random.Next(3)}", "%2fhome%2ftester%2fnothing"),
        "vm" => VmMarks.Slot(random),
        "timeoutSeconds" => "1",
        _ when document.Schemas.Resolve(parameter.Schema) is var schema && schema.TryGetProperty("enum", out var words) => words[random.Next(words.GetArrayLength())].GetString()!,
        _ when parameter.Schema.TryGetProperty("minimum", out var least) && parameter.Schema.TryGetProperty("maximum", out var most) =>
            Any(random, least.GetRawText(), most.GetRawText(), parameter.Example?.GetRawText() ?? least.GetRawText()),
        _ => Uri.EscapeDataString(parameter.Example switch
        {
            { ValueKind: JsonValueKind.Array } list => list[0].ToString(),
            { ValueKind: JsonValueKind.String } text => text.GetString()!,
            { } example => example.GetRawText(),
            null => "a",
        }),
    };

    private static string Any(Random random, params string[] texts) => texts[random.Next(texts.Length)];
}
