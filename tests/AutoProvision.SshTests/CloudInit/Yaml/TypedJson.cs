using System.Globalization;
using System.Numerics;
using System.Text.Json.Nodes;

namespace AutoProvision.CloudInit.Yaml;

/// <summary>A tree of ours in the form that safe_load.py prints.</summary>
internal static class TypedJson
{
    public static JsonArray Of(YamlValue? value) => value switch
    {
        null or YamlScalar { Value: null } => ["null"],
        YamlList list => ["list", new JsonArray([.. list.Items.Select(Of)])],
        YamlMap map => ["map", new JsonArray([.. map.Entries.Select(entry => new JsonArray(Of(entry.Key), Of(entry.Value)))])],
        YamlScalar { Value: bool flag } => ["bool", flag],
        YamlScalar { Value: BigInteger number } => ["int", Hexadecimal(number)],
        YamlScalar { Value: double number } => ["float", double.IsNaN(number) ? "nan" : BitConverter.DoubleToInt64Bits(number).ToString("x16", CultureInfo.InvariantCulture)],
        YamlScalar { Value: string text } => ["str", text],
        YamlScalar { Value: byte[] bytes } => ["bytes", Convert.ToBase64String(bytes)],
        YamlScalar { Value: YamlTimestamp time } => ["time", time.Microseconds, time.IsDate, time.IsAware],
        _ => throw new InvalidOperationException(),
    };

    private static string Hexadecimal(BigInteger number)
    {
        var digits = BigInteger.Abs(number).ToString("x", CultureInfo.InvariantCulture).TrimStart('0');
        return $"{(number < 0 ? "-" : "")}0x{(digits.Length == 0 ? "0" : digits)}";
    }
}
