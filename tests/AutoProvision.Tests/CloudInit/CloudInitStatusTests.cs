using AutoProvision.Vms;
using static AutoProvision.CloudInit.CloudInitStatusSamples;

namespace AutoProvision.CloudInit;

public class CloudInitStatusTests
{
    private static readonly CloudInitError RunpartsError = new("scripts-user", "Runparts: 1 failures (runcmd) in 1 attempted commands");

    [Theory]
    [InlineData("status: done\n", CloudInitState.Done)]
    [InlineData("status: not run", CloudInitState.NotRun)]
    [InlineData("status: not started", CloudInitState.NotRun)]
    [InlineData("status: running\r\n", CloudInitState.Running)]
    [InlineData("status: error\n", CloudInitState.Error)]
    [InlineData("status: disabled\n", CloudInitState.Disabled)]
    [InlineData("status: degraded done\n", CloudInitState.Degraded)]
    [InlineData("......\nstatus: done\n", CloudInitState.Done)]
    [InlineData("...status: done\nextended_status: done\nboot_status_code: unknown\n", CloudInitState.Done)]
    public void Reads_the_plain_line(string output, CloudInitState state)
    {
        var report = CloudInitStatus.ParseCommand(output);
        Assert.Equal(state, report.State);
        Assert.Empty(report.Errors);
    }

    [Theory]
    [InlineData("done", "done", CloudInitState.Done)]
    [InlineData("done", "degraded done", CloudInitState.Done)]
    [InlineData("running", "degraded running", CloudInitState.Running)]
    [InlineData("error", "error - running", CloudInitState.Running)]
    [InlineData("error", "error - done", CloudInitState.Error)]
    [InlineData("error", "error", CloudInitState.Error)]
    [InlineData("not started", "not started", CloudInitState.NotRun)]
    [InlineData("disabled", "disabled", CloudInitState.Disabled)]
    public void Reads_the_extended_status(string status, string extended, CloudInitState state) =>
        Assert.Equal(state, CloudInitStatus.ParseCommand(Command(status, extended)).State);

    [Theory]
    [InlineData("""{"DEPRECATED": ["Key 'x' is deprecated"]}""", CloudInitState.Done, 0)]
    [InlineData("""{"DEPRECATED": ["Key 'x' is deprecated"], "WARNING": ["Failed to start foo"]}""", CloudInitState.Degraded, 1)]
    [InlineData("""{"WARNING": ["a", "a", "b"]}""", CloudInitState.Degraded, 2)]
    [InlineData("""{"ERROR": ["a"], "CRITICAL": ["b"]}""", CloudInitState.Degraded, 2)]
    [InlineData("{}", CloudInitState.Done, 0)]
    [InlineData("""{"WARNING": []}""", CloudInitState.Done, 0)]
    public void Recoverable_errors_degrade_unless_all_are_about_deprecated_keys(string recoverable, CloudInitState state, int errors)
    {
        var command = CloudInitStatus.ParseCommand(Command("done", "degraded done", recoverable));
        var files = CloudInitStatus.ParseFiles(StatusFile($$"""{"errors": [], "recoverable_errors": {{recoverable}}}"""), ResultFileClean);

        Assert.Equal((state, errors), (command.State, command.Errors.Count));
        Assert.Equal((state, errors), (files.State, files.Errors.Count));
        Assert.All(command.Errors, error => Assert.Equal("cloud-init", error.Module));
        Assert.All(files.Errors, error => Assert.Equal("modules-final", error.Module));
    }

    [Fact]
    public void Reads_an_error_of_22_4()
    {
        var report = CloudInitStatus.ParseCommand(Command224Error);
        Assert.Equal(CloudInitState.Error, report.State);
        Assert.Equal([RunpartsError], report.Errors);
    }

    [Fact]
    public void Reads_an_error_of_26_2_with_stage_and_module_and_no_repetition()
    {
        var report = CloudInitStatus.ParseCommand(Command26Error);
        Assert.Equal(CloudInitState.Error, report.State);
        Assert.Equal(
            [
                RunpartsError with { Module = "scripts_user" },
                new("scripts_user", "Failed to run module scripts_user (scripts in /var/lib/cloud/instance/scripts)"),
                new("modules-final", "Package update failed"),
            ],
            report.Errors);
    }

    [Fact]
    public void Reads_what_only_the_command_adds()
    {
        var report = CloudInitStatus.ParseCommand(Command("error", "error - done", errors: "[\"Failed due to systemd unit failure.\"]"));
        Assert.Equal([new("cloud-init", "Failed due to systemd unit failure.")], report.Errors);
    }

    [Fact]
    public void Reads_the_files_of_22_4()
    {
        var report = CloudInitStatus.ParseFiles(StatusFile224Error, ResultFile224Error);
        Assert.Equal(CloudInitState.Error, report.State);
        Assert.Equal(
            [
                RunpartsError,
                new("package-update-upgrade-install", "apt-get install it's: exit code 100\nE: \"nope\"\n        line é"),
                new("x", "KeyError('users')"),
                new("y", "FileNotFoundError(2, 'No such file')"),
            ],
            report.Errors);
    }

    [Fact]
    public void Files_follow_a_boot_from_its_beginning()
    {
        Assert.Equal(CloudInitState.NotRun, CloudInitStatus.ParseFiles(null, "").State);
        Assert.Equal(CloudInitState.Disabled, CloudInitStatus.ParseFiles(null, null, disabled: true).State);
        Assert.Equal(CloudInitState.Running, CloudInitStatus.ParseFiles(StatusFile224Running, null).State);
        Assert.Equal(CloudInitState.Done, CloudInitStatus.ParseFiles(StatusFile224Running, ResultFileClean).State);
        Assert.Equal(CloudInitState.Error, CloudInitStatus.ParseFiles(null, ResultFile224Error).State);
    }

    [Fact]
    public void Errors_show_before_the_end()
    {
        var report = CloudInitStatus.ParseFiles(StatusFile224Error, null);
        Assert.Equal(CloudInitState.Running, report.State);
        Assert.Equal(4, report.Errors.Count);
    }

    [Theory]
    [InlineData("Can not apply stage final", "modules-final", "Can not apply stage final")]
    [InlineData("Running module foo (<module 'cloudinit.config.cc_foo' from '/x.py'>) failed", "foo", "Running module foo (<module 'cloudinit.config.cc_foo' from '/x.py'>) failed")]
    [InlineData("('a', ValueError())", "a", "ValueError()")]
    [InlineData("('a', ValueError(\"it's not \\\\ so\"))", "a", "it's not \\ so")]
    [InlineData("('a', yaml.scanner.Error('tab \\t esc \\x1b u \\u2028 U \\U0001f600'))", "a", "tab \t esc \u001b u \u2028 U 😀")]
    [InlineData("('a', Error('open ended", "modules-final", "('a', Error('open ended")]
    public void Takes_messages_apart(string text, string module, string message)
    {
        var stage = StatusFile($$"""{"errors": [{{System.Text.Json.JsonSerializer.Serialize(text)}}]}""");
        Assert.Equal([new(module, message)], CloudInitStatus.ParseFiles(stage, ResultFileClean).Errors);
    }

    [Theory]
    [InlineData("")]
    [InlineData("bash: cloud-init: command not found")]
    [InlineData("status: fabulous")]
    [InlineData("{}")]
    [InlineData("{\"status\": 1}")]
    [InlineData("{\"status\": \"done\"")]
    public void Says_so_when_the_output_is_something_else(string output) =>
        Assert.Equal("cloud_init_status_unreadable", Assert.Throws<FailureException>(() => CloudInitStatus.ParseCommand(output)).Code);

    [Theory]
    [InlineData("x", null)]
    [InlineData("[]", null)]
    [InlineData("{\"v1\": 1}", null)]
    [InlineData(StatusFile224Running, "{\"v1\"")]
    public void Says_so_when_a_file_is_something_else(string status, string? result) =>
        Assert.Equal("cloud_init_status_unreadable", Assert.Throws<FailureException>(() => CloudInitStatus.ParseFiles(status, result)).Code);
}
