using System.Globalization;
using System.Text.RegularExpressions;

namespace AutoProvision.Vms;

/// <summary>When a VM is to be deleted by itself.</summary>
internal static partial class ExpiryRules
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(3653);

    /// <param name="within">A duration from now.</param>
    /// <param name="at">A point in time.</param>
    /// <param name="now">The time now.</param>
    /// <param name="faults">Gets what is wrong.</param>
    /// <returns>The point in time; null is never.</returns>
    public static DateTimeOffset? Complete(string? within, DateTimeOffset? at, DateTimeOffset now, FaultList faults)
    {
        if (within is not null && at is not null)
            faults.Add("/expiresIn", "expiry_invalid", "Both expiresIn and expiresAt are given.", "Give one of them.");
        if (at is { } moment && (moment <= now || moment - now > Longest))
            faults.Add("/expiresAt", "expiry_invalid", $"{moment:O} is not in the next ten years.", $"A time after now, {now:yyyy-MM-ddTHH:mm:ssZ}, and at most ten years ahead.");
        return within is null ? at?.ToUniversalTime() : now + Within(within, faults);
    }

    /// <summary>Reads <c>90s</c>, <c>30m</c>, <c>2h</c>, <c>7d</c>, or ISO 8601 without years and months, which have no fixed length.</summary>
    /// <returns>Null when it is none of these.</returns>
    public static TimeSpan? ParseDuration(string text)
    {
        var match = Short().Match(text);
        match = match.Success ? match : Iso().Match(text);
        if (!match.Success)
            return null;
        var seconds = Count(match, "w") * 604_800 + Count(match, "d") * 86_400 + Count(match, "h") * 3600 + Count(match, "m") * 60 + Count(match, "s");
        return seconds <= TimeSpan.MaxValue.TotalSeconds / 2 ? TimeSpan.FromSeconds(seconds) : TimeSpan.MaxValue;
    }

    private static TimeSpan Within(string text, FaultList faults)
    {
        const string Hint = "A number and its unit, such as \"90s\", \"30m\", \"2h\" or \"7d\", or ISO 8601 such as \"PT2H\"; more than zero and at most ten years.";
        var duration = ParseDuration(text);
        if (duration is null)
            faults.Add("/expiresIn", "expiry_invalid", text.Length > 0 && text.All(char.IsAsciiDigit) ? $"\"{text}\" has no unit." : $"\"{text}\" is no duration.", Hint);
        else if (duration <= TimeSpan.Zero || duration > Longest)
            faults.Add("/expiresIn", "expiry_invalid", $"\"{text}\" is out of range.", Hint);
        return duration is { } good && good <= Longest ? good : TimeSpan.Zero;
    }

    private static double Count(Match match, string unit) =>
        match.Groups[unit] is { Success: true } group ? double.Parse(group.Value, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"\A((?<s>[0-9]{1,12})s|(?<m>[0-9]{1,12})m|(?<h>[0-9]{1,12})h|(?<d>[0-9]{1,12})d)\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Short();

    // ISO 8601-1, 5.5.2: at least one part, and at least one after the T.
    [GeneratedRegex(@"\AP(?=.)((?<w>[0-9]{1,12})W|((?<d>[0-9]{1,12})D)?(T(?=[0-9])((?<h>[0-9]{1,12})H)?((?<m>[0-9]{1,12})M)?((?<s>[0-9]{1,12})S)?)?)\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Iso();
}
