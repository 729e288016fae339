using System.Text.RegularExpressions;

namespace AutoProvision.CloudInit;

/// <summary>
/// Warnings of cloud-init that went on after them. Versions before 23.4 tell them in their log alone; later ones as <c>recoverable_errors</c>,
/// and the list of harmless ones holds for both.
/// </summary>
public static partial class CloudInitWarnings
{
    private const int MostWarnings = 32;
    private const int Longest = 600;

    // By their beginnings (cloudinit 22.4 to 25.1), in any case of letters: what was asked for is there all the same.
    private static readonly string[] Harmless =
    [
        "grub-probe failed to execute for grub-dpkg", "udevadm DEVLINKS symlink query failed", "Failed to run debconf-set-selections for grub-dpkg", // cc_grub_dpkg: the image boots by itself
        "Skipping creation of existing group", // distros/__init__.py
        "Used fallback datasource", // cc_final_message
        // config/schema.py of 22.4 and of 25.1: the service has judged the user-data; a key that it does not know is an event, and what one version takes is taken.
        "Invalid cloud-config provided", "cloud-config failed schema validation",
    ];

    // An error that has its own entry, repeated in the words of the module or of what ran it.
    private static readonly string[] Echoes = ["Running module ", "Failed to run module ", "Failed running ", "Failed to install packages", "Failed to install the following packages"];

    /// <summary>Whether a record is about the wording of a configuration, or of no consequence.</summary>
    public static bool IsHarmless(string message) =>
        Deprecation().IsMatch(message)
        || Harmless.Any(text => message.StartsWith(text, StringComparison.OrdinalIgnoreCase))
        || StandardError().IsMatch(message);

    /// <summary>The report, with what is found in lines of cloud-init's log of one boot; what an error of the report says already is left out.</summary>
    public static CloudInitReport AddTo(CloudInitReport report, string log)
    {
        if (report.State is not (CloudInitState.Done or CloudInitState.Degraded or CloudInitState.Error))
            return report;
        var known = report.Errors.Select(error => error.Message).ToHashSet();
        CloudInitError[] found = [.. log.Split('\n').Select(line => Line().Match(line.TrimEnd('\r'))).Where(line => line.Success)
            .Select(line => (File: line.Groups["file"].Value, Message: Cut(line.Groups["message"].Value)))
            .Where(line => !IsHarmless(line.Message) && !(report.Errors.Count > 0 && IsEcho(line.Message)) && known.Add(line.Message))
            .Select(line => Named(line.File, line.Message)).Take(MostWarnings)];
        return found.Length == 0 ? report : report with { State = report.State == CloudInitState.Done ? CloudInitState.Degraded : report.State, Errors = [.. report.Errors, .. found] };
    }

    private static bool IsEcho(string message) => Echoes.Any(text => message.StartsWith(text, StringComparison.Ordinal)) || Counted().IsMatch(message);

    private static string Cut(string text) => text.Length <= Longest ? text : text[..Longest];

    // cc_mounts.py is the module mounts; most are logged by a helper, whose name says nothing.
    private static CloudInitError Named(string file, string message) =>
        file.StartsWith("cc_", StringComparison.Ordinal) ? new CloudInitError(file["cc_".Length..].Replace(".py", "", StringComparison.Ordinal), message) : CloudInitMessage.Parse(message, "cloud-init");

    // "2026-12-01 10:00:00,123 - util.py[WARNING]: Activate mounts: FAIL:mount -a"
    [GeneratedRegex(@"\A[0-9-]{10} [0-9:,.]{8,15} - (?<file>[A-Za-z0-9_.-]{1,64})\[(?:WARNING|ERROR|CRITICAL)\]: (?<message>.*)\z")]
    private static partial Regex Line();

    // Not any message with that word: a script may have it in its name.
    [GeneratedRegex(@"\Adeprecat(?:ed|ion)\b|\b(?:is|are|was|were|been) (?:now )?deprecated\b|\bdeprecated config\b", RegexOptions.IgnoreCase)]
    private static partial Regex Deprecation();

    // net/activators.py: that something was printed.
    [GeneratedRegex(@"\ARunning \[[^\]]*\] resulted in stderr output")]
    private static partial Regex StandardError();

    // cc_package_update_upgrade_install
    [GeneratedRegex(@"\A[0-9]+ failed with exceptions, re-raising the last one")]
    private static partial Regex Counted();
}
