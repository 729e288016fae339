using System.Globalization;

namespace AutoProvision.Vms;

/// <summary>A whole number as text has one spelling: digits alone, without a sign, white space or leading zeros.</summary>
internal static class WholeNumber
{
    /// <returns>Null where the text is anything else, or beyond a <see cref="long"/>.</returns>
    public static long? Parse(string? text) =>
        // Also by its digits: .NET's parser takes NUL characters behind a number.
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number.ToString(CultureInfo.InvariantCulture) == text ? number : null;

    /// <summary>The same within bounds.</summary>
    public static int? Parse(string? text, int least, int most) => Parse(text) is { } number && number >= least && number <= most ? (int)number : null;
}
