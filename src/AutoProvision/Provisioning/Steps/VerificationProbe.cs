using AutoProvision.CloudInit.Verification;

namespace AutoProvision.Provisioning.Steps;

/// <summary>The end of <see cref="CloudInitProbe"/>: what only root may read, in one go.</summary>
internal static class VerificationProbe
{
    private const string Mark = "--- autoprovision: verified ---\n";

    // Far more than a script writes about a request of the largest size that people send; the exec keeps 1 MiB.
    private const string MostBytes = "600000";

    /// <summary>Lines of the probe's script. Who is root, or has no sudo, is no matter: what cannot be read is unknown.</summary>
    public const string Script = $"""
        printf '%s' '{Mark}'
          own='head -c {MostBytes} {VerificationScript.Answer}'
          if [ "$(id -u)" = 0 ]; then sh -c "$own"; else sudo -n sh -c "$own"; fi 2>/dev/null
        """;

    /// <summary>The probe's answer without it.</summary>
    public static string Without(string stdout) => stdout.Split(Mark, 2)[0];

    public static VerificationAnswer Read(string stdout) => stdout.Split(Mark, 2) is [_, var answer] ? VerificationAnswer.Parse(answer) : VerificationAnswer.None;
}
