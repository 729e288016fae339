using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace AutoProvision.Api;

/// <summary>Scalars of YAML's core schema (YAML 1.2.2, section 10.3.2) as JSON values; but a whole number with a zero before it is a text.</summary>
internal static partial class YamlScalar
{
    private const string Core = "tag:yaml.org,2002:";
    private const int LongestNumber = 100;

    /// <exception cref="FormatException">A tag that is not the core schema's, a value that its tag does not take, or one that JSON does not have.</exception>
    public static void Write(Scalar scalar, Utf8JsonWriter json)
    {
        var tag = scalar.Tag.IsEmpty ? null : scalar.Tag.Value;
        var kind = tag is "!" or $"{Core}str" || (tag is null && scalar.Style != ScalarStyle.Plain) ? "str" : Kind(scalar.Value);
        // A whole number is a floating-point number where that is asked for.
        if (tag is not (null or "!" or $"{Core}str") && tag != Core + kind && !(tag == $"{Core}float" && kind == "int"))
            throw new FormatException($"\"{scalar.Value}\" cannot have the tag {tag}");
        switch (kind)
        {
            case "null":
                json.WriteNullValue();
                break;
            case "bool":
                json.WriteBooleanValue(scalar.Value[0] is 't' or 'T');
                break;
            case "int" or "float":
                json.WriteRawValue(Number(scalar.Value));
                break;
            default:
                json.WriteStringValue(scalar.Value);
                break;
        }
    }

    private static string Kind(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => "null",
        "true" or "True" or "TRUE" or "false" or "False" or "FALSE" => "bool",
        // 420 to some readers and 644 to others: as the text that was written it has one meaning, and is what a file mode wants to be.
        _ when LeadingZero().IsMatch(text) => "str",
        _ when Whole().IsMatch(text) => "int",
        _ when Fraction().IsMatch(text) => "float",
        _ when NotFinite().IsMatch(text) => throw new FormatException($"{text} has no counterpart in JSON"),
        _ => "str",
    };

    // As JSON writes it: without a plus, leading zeros or a bare point.
    private static string Number(string text)
    {
        if (text.Length > LongestNumber)
            throw new FormatException($"the number {text[..20]}... is too long");
        if (text.StartsWith("0x", StringComparison.Ordinal))
            return BigInteger.Parse($"0{text[2..]}", NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);
        if (text.StartsWith("0o", StringComparison.Ordinal))
            return text[2..].Aggregate(BigInteger.Zero, (sum, digit) => sum * 8 + (digit - '0')).ToString(CultureInfo.InvariantCulture);
        var match = Fraction().Match(text);
        var whole = match.Groups["whole"].Value.TrimStart('0');
        var fraction = match.Groups["fraction"].Value;
        return $"{(text[0] == '-' ? "-" : "")}{(whole.Length == 0 ? "0" : whole)}{(fraction.Length == 0 ? "" : $".{fraction}")}{match.Groups["exponent"].Value}";
    }

    [GeneratedRegex(@"\A[-+]?0[0-9]+\z")]
    private static partial Regex LeadingZero();

    [GeneratedRegex(@"\A([-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)\z")]
    private static partial Regex Whole();

    [GeneratedRegex(@"\A[-+]?(\.(?<fraction>[0-9]+)|(?<whole>[0-9]+)(\.(?<fraction>[0-9]*))?)(?<exponent>[eE][-+]?[0-9]+)?\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Fraction();

    [GeneratedRegex(@"\A([-+]?\.(inf|Inf|INF)|\.nan|\.NaN|\.NAN)\z")]
    private static partial Regex NotFinite();
}
