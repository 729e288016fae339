using System.Text.RegularExpressions;

namespace AutoProvision.Images.Downloads;

/// <summary>
/// Reads what sha256sum and sha512sum write ("HEX  file", "HEX *file"), the BSD form that Fedora signs
/// ("SHA256 (file) = HEX") and a file that holds nothing but one checksum. Anything else, such as comments and PGP armour, is passed over.
/// </summary>
internal static partial class ChecksumList
{
    /// <summary>The checksum of <paramref name="fileName"/>, the longest where there are several, or null.</summary>
    public static ImageChecksum? Find(string text, string fileName)
    {
        var lines = text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var found = lines.Select(line => Of(line, fileName)).OfType<string>().ToList();
        if (found.Count == 0 && lines is [var only] && ImageChecksum.IsChecksum(only))
            found.Add(only);
        return found.MaxBy(hex => hex.Length) is { } longest ? ImageChecksum.Of(longest) : null;
    }

    private static string? Of(string line, string fileName)
    {
        var match = Gnu().Match(line) is { Success: true } gnu ? gnu : Bsd().Match(line);
        return match.Success && match.Groups["file"].Value == fileName && ImageChecksum.IsChecksum(match.Groups["hex"].Value)
            ? match.Groups["hex"].Value
            : null;
    }

    [GeneratedRegex(@"^(?<hex>[0-9A-Fa-f]+)\s+\*?(?:\./)?(?<file>\S.*)$")]
    private static partial Regex Gnu();

    [GeneratedRegex(@"^SHA(?:256|512) \((?:\./)?(?<file>.+)\) = (?<hex>[0-9A-Fa-f]+)$")]
    private static partial Regex Bsd();
}
