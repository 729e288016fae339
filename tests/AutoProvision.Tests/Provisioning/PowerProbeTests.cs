using System.Diagnostics;
using AutoProvision.Provisioning.Steps;

namespace AutoProvision.Provisioning;

/// <summary>The probe's own script on a guest as systemd and cloud-init leave it.</summary>
public sealed class PowerProbeTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("autoprovision-power-");

    [Theory]
    [InlineData("running", null, "b false", PowerFate.StaysUp)]
    [InlineData("degraded", null, "b false", PowerFate.StaysUp)]
    [InlineData("stopping", null, "b false", PowerFate.GoesDown)]
    [InlineData("running", null, "b true", PowerFate.GoesDown)]
    [InlineData("running", "USEC=1700000600500000\nWARN_WALL=1\nMODE=reboot\nUID=0\n", "b false", PowerFate.Later)]
    [InlineData("stopping", "USEC=1700000600500000\nMODE=poweroff\n", "b false", PowerFate.GoesDown)]
    internal void What_becomes_of_the_guest_is_systemds_to_tell(string state, string? scheduled, string preparing, PowerFate fate)
    {
        Program("systemctl", $"echo {state}");
        Program("busctl", $"echo {preparing}");
        Program("date", "echo 1700000000");
        if (scheduled is not null)
            Write("scheduled", scheduled);
        Write("cloud-init.log", """
            2026-12-01 10:20:30,100 - cc_power_state_change.py[DEBUG]: After pid 812 ends, will execute: shutdown -r now
            2026-12-01 10:20:31,200 - cc_power_state_change.py[DEBUG]: check_condition command (test -e /run/now): exited 1. condition not met.
            2026-12-01 10:20:31,300 - util.py[DEBUG]: something else

            """);

        var answer = PowerProbe.Parse(Run())!;

        Assert.Equal((File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim(), fate, "check_condition command (test -e /run/now): exited 1. condition not met."), (answer.Boot, answer.Fate, answer.Said));
        Assert.Equal(fate == PowerFate.Later ? TimeSpan.FromSeconds(600.5) : TimeSpan.Zero, answer.Left);
    }

    [Fact]
    public void Until_cloud_inits_last_process_has_ended_nothing_is_decided()
    {
        Program("systemctl", "echo running");
        Write("cmdline", "/usr/bin/python3\0/usr/bin/cloud-init\0modules\0--mode=final\0");
        // The loop's pause is what ends the process here.
        Program("sleep", $"printf 'sleep\\0infinity\\0' >{_root.FullName}/cmdline; echo waited >{_root.FullName}/waited");

        Assert.Equal(PowerFate.StaysUp, PowerProbe.Parse(Run())!.Fate);
        Assert.True(File.Exists(Path.Combine(_root.FullName, "waited")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("boot")]
    [InlineData("boot\n")]
    [InlineData("boot\nscheduled\n")]
    [InlineData("boot\nscheduled soon 1700000000\n")]
    [InlineData("boot\nscheduled 99999999999999999999 1700000000\n")]
    [InlineData("boot\nscheduled 9007199254740993 1\n")]
    public void What_is_no_answer_is_none(string text) => Assert.Null(PowerProbe.Parse(text));

    public void Dispose() => _root.Delete(recursive: true);

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_root.FullName, name), text);

    private void Program(string name, string body)
    {
        Write(name, $"#!/bin/sh\n{body}\n");
        File.SetUnixFileMode(Path.Combine(_root.FullName, name), (UnixFileMode)0b111_101_101);
    }

    private string Run()
    {
        Program("sudo", "exit 1");
        var script = PowerProbe.Script.Replace("/proc/[0-9]*/cmdline", $"{_root.FullName}/cmdline", StringComparison.Ordinal)
            .Replace("/run/systemd/shutdown/scheduled", $"{_root.FullName}/scheduled", StringComparison.Ordinal)
            .Replace("/var/log/cloud-init.log", $"{_root.FullName}/cloud-init.log", StringComparison.Ordinal);
        var start = new ProcessStartInfo("/bin/sh", ["-c", script]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] = $"{_root.FullName}:{Environment.GetEnvironmentVariable("PATH")}";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }
}
