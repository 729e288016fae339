using System.Text.RegularExpressions;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning;

/// <summary>
/// What a guest says of accounts that could not be made: useradd's words and those of the service's own script (<c>first-user:</c>), and of cloud-init
/// its warnings about users. A user who is not there looks like a guest that is slow to everybody who waits for him.
/// </summary>
internal static partial class AccountComplaints
{
    private const int Most = 3;
    private const int Longest = 300;

    /// <summary>For <c>grep -E</c>: lines in which there may be one.</summary>
    public const string Pattern = "(useradd|groupadd|usermod|adduser|first-user): |WARNING.*(Failed to create (user|group)|users[-_]groups)";

    // What the refused login of a user who is not there ends in, or of one whose shell lets nobody in.
    private static readonly HashSet<string> Codes = ["ssh_timeout", "ssh_auth_failed", "ssh_command_failed", "cloud_init_timeout"];

    public static bool MayExplain(Failure failure) => Codes.Contains(failure.Code);

    /// <summary>The failure with the guest's own words in its cause, and what to do about them; itself where the texts have none.</summary>
    /// <param name="failure">What the wait ended with.</param>
    /// <param name="texts">What the guest told, the surest first.</param>
    public static Failure Explain(Failure failure, params IEnumerable<string> texts)
    {
        List<string> words = [.. texts.SelectMany(text => text.Split('\n')).Select(Words).OfType<string>().Distinct().Take(Most)];
        return words.Count == 0 ? failure : failure with
        {
            Cause = $"{failure.Cause} The guest says of its accounts: {string.Join("; ", words)}",
            Hint = $"An account or group that the image has already may stand in the way: choose another name for the user. {failure.Hint}",
        };
    }

    // What comes before it is the console's time, cloud-init's process and its stamp.
    private static string? Words(string line) => Line().Match(line) is { Success: true } match ? Cut(match.Value.Trim()) : null;

    private static string Cut(string text) => text.Length <= Longest ? text : text[..Longest];

    [GeneratedRegex(@"(?<=^|[\s\]])(useradd|groupadd|usermod|adduser|first-user): .*\S|(?<=WARNING\]?:?\s+)(Failed to create (user|group)|Running module users[-_]groups).*\S", RegexOptions.ExplicitCapture)]
    private static partial Regex Line();
}
