using System.Diagnostics;
using AutoProvision.CloudInit;
using AutoProvision.CloudInit.Verification;
using AutoProvision.Fakes;
using AutoProvision.Provisioning.Steps;

namespace AutoProvision.Provisioning;

/// <summary>The probe's own script on files as cloud-init leaves them.</summary>
public sealed class CloudInitProbeTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("autoprovision-probe-");

    private string Log => Path.Combine(_root.FullName, "output.log");

    private string Verified => Path.Combine(_root.FullName, "verified");

    private string WarningLog => Path.Combine(_root.FullName, "cloud-init.log");

    [Theory]
    [InlineData("sh")]
    [InlineData("bash")]
    public void What_the_modules_printed_is_the_evidence_of_errors_and_apts_errors_stand_first(string shell)
    {
        Write(CloudInitStatusSamples.StatusFile224Error, CloudInitStatusSamples.ResultFile224Error.Replace(" [\"", " [\n\"", StringComparison.Ordinal));
        File.WriteAllText(Log, "first\nE: Unable to locate package parcel\n" + string.Concat(Enumerable.Range(0, 1000).Select(line => $"line {line}\n")) + "last\n");

        var complaint = CloudInitProbe.Judge(Run(shell))!;

        Assert.Contains("scripts-user: Runparts: 1 failures", complaint.Cause, StringComparison.Ordinal);
        Assert.StartsWith("E: Unable to locate package parcel\n", complaint.Evidence, StringComparison.Ordinal);
        Assert.EndsWith("\nline 999\nlast", complaint.Evidence, StringComparison.Ordinal);
        Assert.InRange(complaint.Evidence!.Length, 2000, 4000);
    }

    [Fact]
    public void Without_them_it_is_what_cloud_init_says()
    {
        Write(CloudInitStatusSamples.StatusFile224Error, CloudInitStatusSamples.ResultFile224Error);

        var complaint = CloudInitProbe.Judge(Run("sh"))!;

        Assert.Contains("DataSourceNoCloud", complaint.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_nothing_failed_nothing_is_read()
    {
        Write(CloudInitStatusSamples.StatusFile224Running, CloudInitStatusSamples.ResultFileClean);
        File.WriteAllText(Log, "printed\n");

        var answer = Run("sh");

        Assert.Null(CloudInitProbe.Judge(answer));
        Assert.DoesNotContain("printed", answer.Stdout, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sh")]
    [InlineData("bash")]
    public void What_the_guest_found_of_the_spec_comes_in_the_same_answer(string shell)
    {
        Write(CloudInitStatusSamples.StatusFile224Running, CloudInitStatusSamples.ResultFileClean);
        File.WriteAllText(Verified, "/name\tok\t\n/user\tmissing\tno such user\ntime\t1.00\t1.21\n");

        var answer = Run(shell);

        Assert.Null(CloudInitProbe.Judge(answer));
        Assert.Equal(SpecFinding.Missing, VerificationProbe.Read(answer.Stdout).Findings["/user"].Finding);
        Assert.Equal(TimeSpan.FromMilliseconds(210), VerificationProbe.Read(answer.Stdout).Time);
    }

    [Theory]
    [InlineData("sh")]
    [InlineData("bash")]
    public void Warnings_of_this_boot_count_where_cloud_init_tells_them_in_its_log_alone(string shell)
    {
        Write(CloudInitStatusSamples.StatusFile224Running, CloudInitStatusSamples.ResultFileClean);
        File.WriteAllText(WarningLog, """
            2026-12-01 09:00:01,001 - util.py[WARNING]: of an earlier boot
            2026-12-01 10:00:00,001 - util.py[DEBUG]: Cloud-init v. 22.4.2 running 'init-local' at Tue, 01 Dec 2026 10:00:00 +0000. Up 8.63 seconds.
            2026-12-01 10:00:02,002 - cc_mounts.py[WARNING]: Activate mounts: FAIL:mount -a
            2026-12-01 10:00:02,003 - util.py[WARNING]: Activate mounts: FAIL:mount -a
            2026-12-01 10:00:03,004 - schema.py[WARNING]: Deprecated cloud-config provided: apt_sources
            2026-12-01 10:00:04,005 - util.py[WARNING]: grub-probe failed to execute for grub-dpkg
            2026-12-01 10:00:05,006 - util.py[DEBUG]: a text that has [WARNING]: in it

            """);

        var complaint = CloudInitProbe.Judge(Run(shell))!;

        Assert.Equal(("cloud_init_errors", "mounts: Activate mounts: FAIL:mount -a"), (complaint.Code, complaint.Cause));
    }

    [Fact]
    public void Later_versions_tell_their_warnings_themselves_and_their_log_is_not_read()
    {
        Write(CloudInitStatusSamples.StatusFile224Running.Replace("\"errors\"", "\"recoverable_errors\": {}, \"errors\"", StringComparison.Ordinal), CloudInitStatusSamples.ResultFileClean);
        File.WriteAllText(WarningLog, "2026-12-01 10:00:02,002 - cc_mounts.py[WARNING]: Activate mounts: FAIL:mount -a\n");

        Assert.Null(CloudInitProbe.Judge(Run("sh")));
    }

    public void Dispose() => _root.Delete(recursive: true);

    private void Write(string status, string result)
    {
        File.WriteAllText(Path.Combine(_root.FullName, "status.json"), status);
        File.WriteAllText(Path.Combine(_root.FullName, "result.json"), result);
    }

    private Ssh.ExecResult Run(string shell)
    {
        var script = CloudInitProbe.Script.Replace("/run/cloud-init", _root.FullName, StringComparison.Ordinal).Replace("/var/log/cloud-init-output.log", Log, StringComparison.Ordinal)
            .Replace(VerificationScript.Answer, Verified, StringComparison.Ordinal).Replace(VerificationProbe.Log, WarningLog, StringComparison.Ordinal).Replace("$(id -u)", "0", StringComparison.Ordinal);
        using var process = Process.Start(new ProcessStartInfo(shell, ["-c", script]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return FakeAnswers.Of(process.ExitCode, output);
    }
}
