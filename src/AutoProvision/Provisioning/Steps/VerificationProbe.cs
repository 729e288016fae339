using AutoProvision.CloudInit.Verification;

namespace AutoProvision.Provisioning.Steps;

/// <summary>
/// The end of <see cref="CloudInitProbe"/>: what only root may read, in one go. That is the answer of the <see cref="VerificationScript"/>, and
/// the warnings of this boot where cloud-init tells them in its log alone (before 23.4, which has <c>recoverable_errors</c>).
/// </summary>
internal static class VerificationProbe
{
    private const string Mark = "--- autoprovision: verified ---\n";
    private const string WarningsMark = "--- autoprovision: warnings ---\n";

    /// <summary>cloud-init's log, which it appends to at each boot.</summary>
    public const string Log = "/var/log/cloud-init.log";

    // Together less than the exec keeps.
    internal const string MostBytes = "600000";
    private const string MostWarnings = "60000";

    /// <summary>Lines of the probe's script. What cannot be read is unknown.</summary>
    public const string Script = Begin + $$"""
          grep -q recoverable_errors $run/status.json || own="$own; printf '%s' '{{WarningsMark}}'
            LC_ALL=C grep -E '^{{LogHead}}(\[DEBUG\]: Cloud-init v.* running .init-local. at|{{LogLevels}})' {{Log}} |
            sed -n '/running .init-local. at/{s/.*//;h;d;};H;\${x;p;}' | head -c {{MostWarnings}}"
        """ + End;

    /// <summary>The same with the warnings of all boots, for a guest that restarts before anybody has seen how its first boot went.</summary>
    public const string ScriptForAllBoots = Begin + $$"""
          own="$own; printf '%s' '{{WarningsMark}}'
            LC_ALL=C grep -E '^{{LogHead}}{{LogLevels}}' {{Log}} | head -c {{MostWarnings}}"
        """ + End;

    private const string LogHead = "[0-9-]+ [0-9:,]+ - [^ ]+";
    private const string LogLevels = @"\[(WARNING|ERROR|CRITICAL)\]: ";

    private const string Begin = $$"""
        printf '%s' '{{Mark}}'
          own='head -c {{MostBytes}} {{VerificationScript.Answer}}'

        """;

    private const string End = """

          if [ "$(id -u)" = 0 ]; then sh -c "$own"; else sudo -n sh -c "$own"; fi 2>/dev/null
        """;

    /// <summary>The probe's answer without it.</summary>
    public static string Without(string stdout) => stdout.Split(Mark, 2)[0];

    public static VerificationAnswer Read(string stdout) => VerificationAnswer.Parse(Part(stdout).Split(WarningsMark, 2)[0]);

    /// <summary>Lines of cloud-init's log.</summary>
    public static string Warnings(string stdout) => Part(stdout).Split(WarningsMark, 2) is [_, var warnings] ? warnings : "";

    private static string Part(string stdout) => stdout.Split(Mark, 2) is [_, var part] ? part : "";
}
