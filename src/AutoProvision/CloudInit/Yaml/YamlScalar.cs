using System.Globalization;
using System.Numerics;
using System.Text;

namespace AutoProvision.CloudInit.Yaml;

/// <summary>What a scalar is to PyYAML's safe loader.</summary>
internal enum YamlKind
{
    Text,
    Nothing,
    Flag,
    Integer,
    Number,
    Binary,
    Timestamp,
}

/// <summary>One scalar: its text and what is made of it.</summary>
internal sealed class YamlScalar : YamlValue
{
    public YamlScalar(YamlKind kind, string text, object? value)
    {
        (Kind, Text, Value) = (kind, text, value);
        Bytes = Encoding.UTF8.GetByteCount(text);
    }

    public YamlKind Kind { get; }

    /// <summary>As it was written, without quotes and escapes.</summary>
    public string Text { get; }

    /// <summary>A string, null, a boolean, a <see cref="BigInteger"/>, a double, the bytes or a <see cref="YamlTimestamp"/>.</summary>
    public object? Value { get; }

    /// <summary>A plain <c>=</c> or <c>&lt;&lt;</c>: PyYAML has a meaning for them as keys alone.</summary>
    public bool IsKeyOnly { get; init; }

    /// <summary>A key that stands for the entries of the mappings that are its value.</summary>
    public bool IsMerge => IsKeyOnly && Text == "<<";

    /// <summary>
    /// Equal for what Python holds for the same key: 1, 1.0 and true are. Its hash is another one in each process, so that nobody can choose keys
    /// of one hash: strings' and pairs' are, numbers' and times' own are not.
    /// </summary>
    public object Identity => Value switch
    {
        null => YamlKind.Nothing,
        bool flag => (YamlKind.Integer, new BigInteger(flag ? 1 : 0)),
        BigInteger number => (YamlKind.Integer, number),
        double number when double.IsInteger(number) => (YamlKind.Integer, new BigInteger(number)),
        double number => (YamlKind.Number, number.ToString(CultureInfo.InvariantCulture)),
        byte[] bytes => (YamlKind.Binary, Convert.ToBase64String(bytes)),
        YamlTimestamp time => (YamlKind.Timestamp, time.ToString()),
        var value => value,
    };
}

/// <summary>A date, or a time of one: naive, or with an offset, and then equal to others by its instant.</summary>
/// <param name="Microseconds">Since the year 1; of an aware one in UTC.</param>
/// <param name="IsDate">A date alone.</param>
/// <param name="IsAware">Whether an offset was given.</param>
internal sealed record YamlTimestamp(long Microseconds, bool IsDate, bool IsAware);
