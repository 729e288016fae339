using System.Globalization;

namespace AutoProvision.CloudInit.Verification;

/// <summary>Reads what a <see cref="VerificationScript"/> wrote in a guest that may be hostile, or another machine's.</summary>
/// <param name="Findings">By pointer: what was found, and what was seen there.</param>
/// <param name="Time">How long the script took; null where it does not say.</param>
public sealed record VerificationAnswer(IReadOnlyDictionary<string, (SpecFinding Finding, string Seen)> Findings, TimeSpan? Time)
{
    private const int MostSeen = 200;

    public static VerificationAnswer None { get; } = new(new Dictionary<string, (SpecFinding, string)>(), null);

    /// <summary>The lines that are of its form; a pointer's first one counts. Anything else says nothing.</summary>
    public static VerificationAnswer Parse(string text)
    {
        var findings = new Dictionary<string, (SpecFinding, string)>(StringComparer.Ordinal);
        TimeSpan? time = null;
        foreach (var line in text.Split('\n'))
        {
            if (line.Split('\t', 3) is not [var pointer, var word, var seen])
                continue;
            if (pointer == "time")
                time = Took(word, seen) ?? time;
            else if (Finding(word) is { } finding)
                findings.TryAdd(pointer, (finding, Shown(seen)));
        }
        return new(findings, time);
    }

    /// <summary>What became of the checks, in their order. Properties of what is missing are left out; what was not told is unknown.</summary>
    public IReadOnlyList<(SpecCheck Check, SpecFinding Finding, string Seen)> Of(IReadOnlyList<SpecCheck> checks) =>
        [.. checks.Where(check => check.Of is null || !Findings.TryGetValue(check.Of, out var whole) || whole.Finding != SpecFinding.Missing)
            .Select(check => Findings.TryGetValue(check.Pointer, out var found) ? (check, found.Finding, found.Seen) : (check, SpecFinding.Unknown, ""))];

    private static SpecFinding? Finding(string word) => word switch
    {
        "ok" => SpecFinding.Ok,
        "differs" => SpecFinding.Differs,
        "missing" => SpecFinding.Missing,
        "unknown" => SpecFinding.Unknown,
        _ => null,
    };

    // Seconds since the guest's boot.
    private static TimeSpan? Took(string begun, string ended) =>
        Seconds(begun) is { } from && Seconds(ended) is { } to && to >= from ? TimeSpan.FromMilliseconds(Math.Round((to - from) * 1000)) : null;

    private static double? Seconds(string text) =>
        text.Length <= 20 && double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds < 1e9 ? seconds : null;

    private static string Shown(string seen)
    {
        var text = seen.Length <= MostSeen ? seen : seen[..MostSeen];
        return string.Concat(text.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '\uFFFD' : c));
    }
}
