using System.Globalization;
using System.Text.RegularExpressions;

namespace AutoProvision.FaultTests.Fuzzing;

/// <summary>Marks in a request that stand for ids of VMs, so that the same request can be sent to other VMs in the next round.</summary>
internal static partial class VmMarks
{
    /// <summary>VMs that are kept ready.</summary>
    public const int Slots = 6;

    private const int Recent = 4;

    public static string Slot(Random random) => $"$vm{random.Next(Slots)}$";

    /// <summary>One of the VMs that requests have made, which are soon deleted.</summary>
    public static string Newest(Random random) => $"$new{random.Next(Recent)}$";

    /// <param name="text">With marks.</param>
    /// <param name="find">The id of a slot, or of the newest VM but so many.</param>
    public static string Resolve(string text, Func<bool, int, Guid> find) => !text.Contains('$', StringComparison.Ordinal) ? text : Mark().Replace(text, match =>
    {
        var id = find(match.Groups[1].Value == "new", int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture));
        return match.Groups[1].Value switch
        {
            "nd" => id.ToString("N"),
            "up" => id.ToString().ToUpperInvariant(),
            _ => id.ToString(),
        };
    });

    [GeneratedRegex(@"\$(vm|new|nd|up)([0-9])\$")]
    private static partial Regex Mark();
}
