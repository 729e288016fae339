namespace AutoProvision.CloudInit;

public sealed class CloudInitWarningsTests
{
    private static readonly CloudInitReport Done = new(CloudInitState.Done, []);

    [Theory]
    [InlineData("cc_mounts.py[WARNING]: Activate mounts: FAIL:mount -a", "mounts", "Activate mounts: FAIL:mount -a")]
    [InlineData("util.py[WARNING]: Failed during filesystem operation", "cloud-init", "Failed during filesystem operation")]
    [InlineData("util.py[WARNING]: Running module apt-configure (<module 'cloudinit.config.cc_apt_configure'>) failed", "apt-configure", "Running module apt-configure (<module 'cloudinit.config.cc_apt_configure'>) failed")]
    [InlineData("util.py[WARNING]: Failed running /var/lib/cloud/instance/scripts/deprecated.sh [1]", "cloud-init", "Failed running /var/lib/cloud/instance/scripts/deprecated.sh [1]")]
    [InlineData("util.py[ERROR]: Unhandled", "cloud-init", "Unhandled")]
    public void A_warning_degrades_a_run_that_was_content(string line, string module, string message) =>
        Assert.Equal((CloudInitState.Degraded, new CloudInitError(module, message)), Only(CloudInitWarnings.AddTo(Done, $"2026-12-01 10:00:00,123 - {line}\n")));

    [Theory]
    [InlineData("schema.py[WARNING]: Deprecated cloud-config provided:")]
    [InlineData("cc_apt_configure.py[WARNING]: DEPRECATION: 'apt_sources' deprecated config key found. Use 'apt' instead")]
    [InlineData("util.py[WARNING]: grub-probe failed to execute for grub-dpkg")]
    [InlineData("__init__.py[WARNING]: Skipping creation of existing group 'ops'")]
    [InlineData("activators.py[WARNING]: Running ['netplan', 'apply'] resulted in stderr output: noise")]
    [InlineData("schema.py[WARNING]: Invalid cloud-config provided: Please run 'sudo cloud-init schema --system' to see the schema errors.")]
    [InlineData("schema.py[WARNING]: cloud-config failed schema validation! You may run 'sudo cloud-init schema --system' to check the details.")]
    [InlineData("util.py[WARNING]: The value of 'false' in user app's 'sudo' config is deprecated in 22.2")]
    [InlineData("util.py[DEBUG]: Activate mounts: FAIL:mount -a")]
    [InlineData("no file")]
    [InlineData("")]
    public void What_is_harmless_or_no_warning_is_passed_over(string line) =>
        Assert.Equal(Done, CloudInitWarnings.AddTo(Done, $"\n2026-12-01 10:00:00,123 - {line}\n\0\n"));

    [Fact]
    public void What_an_error_says_already_is_not_repeated_and_the_rest_is_added()
    {
        var failed = new CloudInitReport(CloudInitState.Error, [new("scripts-user", "Runparts: 1 failures")]);
        const string Log = """
            2026-12-01 10:00:00,123 - util.py[WARNING]: Failed running /var/lib/cloud/instance/scripts/00-runcommands [1]
            2026-12-01 10:00:00,124 - util.py[WARNING]: Failed to run module scripts-user (scripts in /var/lib/cloud/instance/scripts)
            2026-12-01 10:00:00,125 - util.py[WARNING]: Running module scripts-user (<module>) failed
            2026-12-01 10:00:00,126 - cc_package_update_upgrade_install.py[WARNING]: 1 failed with exceptions, re-raising the last one
            2026-12-01 10:00:00,127 - util.py[WARNING]: Failed during filesystem operation
            """;

        var report = CloudInitWarnings.AddTo(failed, Log);

        Assert.Equal(CloudInitState.Error, report.State);
        Assert.Equal([failed.Errors[0], new("cloud-init", "Failed during filesystem operation")], report.Errors);
    }

    [Fact]
    public void A_guest_that_logs_without_end_is_told_in_short()
    {
        var report = CloudInitWarnings.AddTo(Done, string.Concat(Enumerable.Range(0, 1000).Select(number => $"2026-12-01 10:00:00,123 - util.py[WARNING]: {number}{new string('x', 5000)}\n")));

        Assert.Equal(32, report.Errors.Count);
        Assert.All(report.Errors, error => Assert.InRange(error.Message.Length, 1, 600));
    }

    [Fact]
    public void The_harmless_are_harmless_as_recoverable_errors_too()
    {
        const string Status = """{"v1": {"init": {"errors": [], "recoverable_errors": {"WARNING": ["Skipping creation of existing group 'ops'"]}}, "modules-final": {"errors": [], "recoverable_errors": {}}}}""";

        Assert.Equal(CloudInitState.Done, CloudInitStatus.ParseFiles(Status, """{"v1": {"errors": []}}""").State);
        Assert.Equal(CloudInitState.Degraded, CloudInitStatus.ParseFiles(Status.Replace("Skipping creation", "Failed creation", StringComparison.Ordinal), """{"v1": {"errors": []}}""").State);
    }

    [Fact]
    public void What_the_schema_of_cloud_init_does_not_know_is_no_recoverable_error()
    {
        const string Status = """{"v1": {"init-local": {"errors": [], "recoverable_errors": {"WARNING": ["cloud-config failed schema validation! You may run 'sudo cloud-init schema --system' to check the details."]}}}}""";

        Assert.Equal(CloudInitState.Done, CloudInitStatus.ParseFiles(Status, """{"v1": {"errors": []}}""").State);
    }

    private static (CloudInitState State, CloudInitError Error) Only(CloudInitReport report) => (report.State, Assert.Single(report.Errors));
}
