using AutoProvision.Ssh;

namespace AutoProvision.Fakes;

/// <summary>What commands in a guest print.</summary>
internal static class FakeAnswers
{
    public static ExecResult CloudInitDone => CloudInit("""{"v1": {"datasource": "DataSourceNoCloud", "errors": []}}""");

    public static ExecResult CloudInitError => CloudInit(
        """{"v1": {"datasource": "DataSourceNoCloud", "errors": ["('scripts-user', RuntimeError('Runparts: 1 failures (runcmd) in 1 attempted commands'))"]}}""");

    /// <summary>cloud-init is content, and this is what the guest found of what was asked for: "POINTER finding seen" each.</summary>
    public static ExecResult Verified(params IEnumerable<string> lines) => VerifiedBeside(CloudInitDone, lines);

    public static ExecResult VerifiedBeside(ExecResult answer, params IEnumerable<string> lines) => answer with
    {
        Stdout = answer.Stdout + "--- autoprovision: verified ---\n" + string.Concat(lines.Select(line => string.Join('\t', line.Split(' ', 3).Concat(["", ""]).Take(3)) + "\n")),
    };

    /// <summary>cloud-init is content, and this is in its log.</summary>
    public static ExecResult Warned(params IEnumerable<string> lines) => CloudInitDone with
    {
        Stdout = CloudInitDone.Stdout + "--- autoprovision: verified ---\n--- autoprovision: warnings ---\n" + string.Concat(lines.Select(line => line + "\n")),
    };

    public static ExecResult Of(int exitCode, string stdout, string stderr = "") =>
        new(exitCode, null, stdout, stderr, TimeSpan.FromMilliseconds(12), TimedOut: false, Truncated: false);

    private static ExecResult CloudInit(string result) =>
        Of(0, "files\n{\"v1\": {\"stage\": null}}\n--- autoprovision ---\n" + result + "\n");
}
