using System.Text.Json;
using System.Text.RegularExpressions;
using AutoProvision.Vms;

namespace AutoProvision.CloudInit;

/// <summary>
/// Reads what cloud-init says of itself, from 22.4 (Debian 12) to 26.2; shapes as written by cloudinit/cmd/status.py and
/// <c>status_wrapper</c> in cloudinit/cmd/main.py. Exit codes are not needed: they differ (22.4 has 1 for errors; 23.4 added 2 for degraded).
/// </summary>
/// <remarks>
/// Recoverable errors of level DEPRECATED alone do not make a machine degraded, though cloud-init says so:
/// they are about the wording of a configuration, often the image's own, and the machine is as asked for.
/// </remarks>
public static partial class CloudInitStatus
{
    /// <summary>In boot order. An error that stands in several stages (26.2 shares one list between them) belongs to the first.</summary>
    private static readonly string[] Stages = ["init-local", "init", "modules-init", "modules-config", "modules-final"];

    /// <summary>Reads the output of <c>cloud-init status</c>, with <c>--format json</c> or without.</summary>
    /// <remarks>22.4 says <c>error</c> while it still runs as well, so there <see cref="CloudInitState.Error"/> may come early; later versions are read exactly.</remarks>
    /// <exception cref="FailureException"><c>cloud_init_status_unreadable</c>: it is neither.</exception>
    public static CloudInitReport ParseCommand(string output)
    {
        var start = output.IndexOf('{', StringComparison.Ordinal);
        if (start >= 0)
            return Readable(output, () => FromCommand(Root(output[start..]), output));
        var line = StatusLine().Match(output);
        return line.Success ? new CloudInitReport(State(line.Groups["state"].Value, output), []) : throw Unreadable(output);
    }

    /// <summary>
    /// Reads /run/cloud-init/status.json and /run/cloud-init/result.json: what the command reads, without the seconds that starting Python takes.
    /// cloud-init replaces both atomically, removes both when a boot begins, and writes the second when the last stage has ended.
    /// </summary>
    /// <param name="statusJson">Null or blank where there is no such file yet.</param>
    /// <param name="resultJson">Null or blank where there is no such file yet; read it first, or a status from before the end may come with it.</param>
    /// <param name="disabled">Whether /run/cloud-init/disabled is there.</param>
    /// <exception cref="FailureException"><c>cloud_init_status_unreadable</c>: a file holds something else.</exception>
    public static CloudInitReport ParseFiles(string? statusJson, string? resultJson, bool disabled = false)
    {
        if (disabled)
            return new CloudInitReport(CloudInitState.Disabled, []);
        if (string.IsNullOrWhiteSpace(statusJson) && string.IsNullOrWhiteSpace(resultJson))
            return new CloudInitReport(CloudInitState.NotRun, []);
        return Readable(statusJson + resultJson, () => FromFiles(statusJson, resultJson));
    }

    private static CloudInitReport FromFiles(string? statusJson, string? resultJson)
    {
        var found = string.IsNullOrWhiteSpace(statusJson) ? new CloudInitFindings() : FromStages(V1(statusJson));
        if (string.IsNullOrWhiteSpace(resultJson))
            return found.Report(CloudInitState.Running);
        found.AddErrors(V1(resultJson), "cloud-init");
        return found.Report(CloudInitState.Done);
    }

    // A text with half of a surrogate pair is JSON, and an InvalidOperationException to whoever reads it.
    private static CloudInitReport Readable(string text, Func<CloudInitReport> read)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException e)
        {
            throw Unreadable(text, e);
        }
    }

    private static CloudInitReport FromCommand(JsonElement root, string output)
    {
        // 23.4 and later repeat the per-stage objects here; the lists at the top come last, for what no stage claims.
        var found = FromStages(root);
        found.AddErrors(root, "cloud-init");
        found.AddRecoverable(root, "cloud-init");
        var plain = Text(root, "status") ?? throw Unreadable(output);
        var extended = Text(root, "extended_status") ?? plain;
        return found.Report(extended.Contains("running", StringComparison.Ordinal) ? CloudInitState.Running : State(plain, output));
    }

    private static CloudInitFindings FromStages(JsonElement v1)
    {
        var found = new CloudInitFindings();
        foreach (var stage in Stages)
        {
            if (!v1.TryGetProperty(stage, out var entry) || entry.ValueKind != JsonValueKind.Object)
                continue;
            found.AddErrors(entry, stage);
            found.AddRecoverable(entry, stage);
        }
        return found;
    }

    private static CloudInitState State(string text, string output) => text switch
    {
        "not run" or "not started" => CloudInitState.NotRun,
        "running" or "degraded running" => CloudInitState.Running,
        "done" => CloudInitState.Done,
        "degraded" or "degraded done" => CloudInitState.Degraded,
        "error" => CloudInitState.Error,
        "disabled" => CloudInitState.Disabled,
        _ => throw Unreadable(output),
    };

    private static JsonElement V1(string json) =>
        Root(json).TryGetProperty("v1", out var v1) && v1.ValueKind == JsonValueKind.Object ? v1 : throw Unreadable(json);

    private static JsonElement Root(string json)
    {
        try
        {
            var root = JsonElement.Parse(json);
            return root.ValueKind == JsonValueKind.Object ? root : throw Unreadable(json);
        }
        catch (JsonException e)
        {
            throw Unreadable(json, e);
        }
    }

    private static string? Text(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static FailureException Unreadable(string text, Exception? inner = null) => new(
        "cloud_init_status_unreadable",
        "What the guest says of cloud-init's state cannot be read.",
        "Look at /run/cloud-init and /var/log/cloud-init.log in the guest; its cloud-init may be of a version this service does not know.",
        text.Length <= 2000 ? text : text[^2000..],
        inner);

    // "--wait" prints a dot per look before it. Words and spaces are told apart, so that a line of spaces is gone through once.
    [GeneratedRegex(@"^\.*status: (?<state>[a-z]+( [a-z]+)*)\s*$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex StatusLine();
}
