using System.Diagnostics;
using AutoProvision.CloudInit;
using AutoProvision.Fakes;
using AutoProvision.Provisioning.Steps;

namespace AutoProvision.Provisioning;

/// <summary>The probe's own script on files as cloud-init leaves them.</summary>
public sealed class CloudInitProbeTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("autoprovision-probe-");

    private string Log => Path.Combine(_root.FullName, "output.log");

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

    public void Dispose() => _root.Delete(recursive: true);

    private void Write(string status, string result)
    {
        File.WriteAllText(Path.Combine(_root.FullName, "status.json"), status);
        File.WriteAllText(Path.Combine(_root.FullName, "result.json"), result);
    }

    private Ssh.ExecResult Run(string shell)
    {
        var script = CloudInitProbe.Script.Replace("/run/cloud-init", _root.FullName, StringComparison.Ordinal).Replace("/var/log/cloud-init-output.log", Log, StringComparison.Ordinal);
        using var process = Process.Start(new ProcessStartInfo(shell, ["-c", script]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return FakeAnswers.Of(process.ExitCode, output);
    }
}
