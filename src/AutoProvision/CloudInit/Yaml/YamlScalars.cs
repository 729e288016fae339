using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace AutoProvision.CloudInit.Yaml;

/// <summary>
/// What PyYAML's safe loader makes of a scalar: the patterns of yaml/resolver.py and the constructors of yaml/constructor.py (6.0 and 6.0.2 agree).
/// Where Python's own functions take more than the patterns do, such as int(" 5"), it is refused.
/// </summary>
internal static partial class YamlScalars
{
    // Python refuses to read longer ones (sys.set_int_max_str_digits).
    private const int MostDigits = 4300;
    private const int MostBinaryDigits = 1000;
    // Powers of 60 that a double holds exactly.
    private const int MostSexagesimals = 12;

    private const string Base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    /// <summary>The kind of a plain scalar by its text; null for the two that only a mapping's key may be: <c>=</c> and <c>&lt;&lt;</c>.</summary>
    public static YamlKind? Resolve(string text)
    {
        if (text.Length == 0)
            return YamlKind.Nothing;
        switch (text[0])
        {
            case 'y' or 'Y' or 'n' or 'N' or 't' or 'T' or 'f' or 'F' or 'o' or 'O' or '~':
                return Flag().IsMatch(text) ? YamlKind.Flag : text is "~" or "null" or "Null" or "NULL" ? YamlKind.Nothing : YamlKind.Text;
            case '-' or '+' or '.' or (>= '0' and <= '9'):
                return Number().IsMatch(text) ? YamlKind.Number : Integer().IsMatch(text) ? YamlKind.Integer : Timestamp().IsMatch(text) ? YamlKind.Timestamp : YamlKind.Text;
            default:
                return text is "=" or "<<" ? null : YamlKind.Text;
        }
    }

    /// <exception cref="FormatException">PyYAML could not construct it; the message ends a sentence that begins with the text.</exception>
    public static YamlScalar Construct(YamlKind kind, string text, int line) => new(kind, text, kind switch
    {
        YamlKind.Text => text,
        YamlKind.Nothing => null,
        YamlKind.Flag => IsTrue(text),
        YamlKind.Integer => ReadInteger(text),
        YamlKind.Number => ReadNumber(text),
        YamlKind.Binary => ReadBinary(text),
        _ => ReadTimestamp(text),
    }) { Line = line };

    private static bool IsTrue(string text) => text.ToLowerInvariant() switch
    {
        "yes" or "true" or "on" => true,
        "no" or "false" or "off" => false,
        _ => throw new FormatException("is not a boolean"),
    };

    private static BigInteger ReadInteger(string text)
    {
        if (!Integer().IsMatch(text))
            throw new FormatException("is not an integer");
        if (text.Length > MostDigits)
            throw new FormatException("has too many digits");
        var digits = text.Replace("_", "", StringComparison.Ordinal).TrimStart('-', '+');
        var value = digits switch
        {
            "0" => BigInteger.Zero,
            _ when digits.StartsWith("0b", StringComparison.Ordinal) => OfBase(digits[2..], 2),
            _ when digits.StartsWith("0x", StringComparison.Ordinal) => OfBase(digits[2..], 16),
            ['0', ..] => OfBase(digits, 8),
            _ => digits.Split(':').Aggregate(BigInteger.Zero, (sum, part) => (sum * 60) + BigInteger.Parse(part, CultureInfo.InvariantCulture)),
        };
        return text[0] == '-' ? -value : value;
    }

    private static BigInteger OfBase(string digits, int radix)
    {
        if (digits.Length is 0 or > MostBinaryDigits)
            throw new FormatException(digits.Length == 0 ? "is not an integer" : "has too many digits");
        return digits.Aggregate(BigInteger.Zero, (sum, digit) => (sum * radix) + Convert.ToInt32(digit.ToString(), 16));
    }

    private static double ReadNumber(string text)
    {
        if (text.Length > MostDigits)
            throw new FormatException("has too many digits");
        if (!Number().IsMatch(text) && !TaggedNumber().IsMatch(text))
            throw new FormatException("is not a number");
        var digits = text.Replace("_", "", StringComparison.Ordinal).ToLowerInvariant().TrimStart('-', '+');
        var value = digits switch
        {
            ".inf" => double.PositiveInfinity,
            ".nan" => double.NaN,
            _ => Sexagesimal(digits.Split(':')),
        };
        return text[0] == '-' ? -value : value;
    }

    // In the order in which construct_yaml_float adds them up.
    private static double Sexagesimal(string[] parts)
    {
        if (parts.Length > MostSexagesimals)
            throw new FormatException("has too many digits");
        var (value, unit) = (0.0, 1.0);
        foreach (var part in parts.Reverse())
        {
            value += double.Parse(part, NumberStyles.Float, CultureInfo.InvariantCulture) * unit;
            unit *= 60;
        }
        return value;
    }

    // As Python's base64.decodebytes: what is no digit is passed over, and the first whole padding is the end.
    private static byte[] ReadBinary(string text)
    {
        var bytes = new List<byte>();
        var (digits, rest, pads) = (0, 0, 0);
        foreach (var c in text)
        {
            if (!char.IsAscii(c))
                throw new FormatException("is not base64");
            if (c == '=' && digits >= 2 && digits + ++pads >= 4)
                return [.. bytes];
            var digit = Base64.IndexOf(c, StringComparison.Ordinal);
            if (digit < 0)
                continue;
            pads = 0;
            rest = ((rest << 6) | digit) & 0xFFF;
            if (digits > 0)
                bytes.Add((byte)(rest >> (6 - (2 * digits))));
            digits = (digits + 1) % 4;
        }
        return digits == 0 ? [.. bytes] : throw new FormatException("is not base64");
    }

    private static YamlTimestamp ReadTimestamp(string text)
    {
        var match = Constructed().Match(text);
        if (!match.Success)
            throw new FormatException("is not a timestamp");
        try
        {
            var date = new DateTime(Part("year"), Part("month"), Part("day"), Part("hour"), Part("minute"), Part("second"), DateTimeKind.Unspecified);
            var microseconds = (date.Ticks / TimeSpan.TicksPerMicrosecond) + int.Parse(match.Groups["fraction"].Value.PadRight(6, '0')[..6], CultureInfo.InvariantCulture);
            var offset = (Part("tzhour") * 60) + Part("tzminute");
            if (offset >= 24 * 60)
                throw new FormatException("has an offset of a day or more");
            return new YamlTimestamp(
                microseconds - ((match.Groups["tzsign"].Value == "-" ? -offset : offset) * 60_000_000L), !match.Groups["hour"].Success, match.Groups["tz"].Success);
        }
        catch (ArgumentOutOfRangeException)
        {
            throw new FormatException("is a date or time that does not exist");
        }

        int Part(string name) => match.Groups[name] is { Success: true } group ? int.Parse(group.Value, CultureInfo.InvariantCulture) : 0;
    }

    [GeneratedRegex(@"\A(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)\z")]
    private static partial Regex Flag();

    [GeneratedRegex(@"\A(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\z")]
    private static partial Regex Number();

    // What float() takes beside it where the tag says that it is one: "!!float 5", "!!float 1e3".
    [GeneratedRegex(@"\A[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\z")]
    private static partial Regex TaggedNumber();

    [GeneratedRegex(@"\A(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)\z")]
    private static partial Regex Integer();

    [GeneratedRegex(@"\A(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)\z")]
    private static partial Regex Timestamp();

    [GeneratedRegex(@"\A(?<year>[0-9]{4})-(?<month>[0-9]{1,2})-(?<day>[0-9]{1,2})(?:(?:[Tt]|[ \t]+)(?<hour>[0-9]{1,2}):(?<minute>[0-9]{2}):(?<second>[0-9]{2})(?:\.(?<fraction>[0-9]*))?(?:[ \t]*(?<tz>Z|(?<tzsign>[-+])(?<tzhour>[0-9]{1,2})(?::(?<tzminute>[0-9]{2}))?))?)?\z")]
    private static partial Regex Constructed();
}
