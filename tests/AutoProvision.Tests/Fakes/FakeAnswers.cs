using AutoProvision.Ssh;

namespace AutoProvision.Fakes;

/// <summary>What commands in a guest print.</summary>
internal static class FakeAnswers
{
    public static ExecResult CloudInitDone => CloudInit("""{"v1": {"datasource": "DataSourceNoCloud", "errors": []}}""");

    public static ExecResult CloudInitError => CloudInit(
        """{"v1": {"datasource": "DataSourceNoCloud", "errors": ["('scripts-user', RuntimeError('Runparts: 1 failures (runcmd) in 1 attempted commands'))"]}}""");

    public static ExecResult Of(int exitCode, string stdout, string stderr = "") =>
        new(exitCode, null, stdout, stderr, TimeSpan.FromMilliseconds(12), TimedOut: false, Truncated: false);

    private static ExecResult CloudInit(string result) =>
        Of(0, "files\n{\"v1\": {\"stage\": null}}\n--- autoprovision ---\n" + result + "\n");
}
