using AutoProvision.CloudInit;
using AutoProvision.Ssh;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning.Steps;

/// <summary>
/// Asks a guest for cloud-init's end. It reads the files that <c>cloud-init status</c> itself reads, because starting
/// Python costs seconds on an emulated guest that is still busy; result.json is written last of all
/// (cloudinit/cmd/main.py, status_wrapper). Where the directory is missing the command is asked.
/// </summary>
public static class CloudInitProbe
{
    private const string Separator = "--- autoprovision ---";

    public const string Script =
        $$"""
        run=/run/cloud-init
        if [ -d $run ]; then
          while [ ! -s $run/result.json ] && [ ! -e $run/disabled ]; do sleep 0.1; done
          if [ -e $run/disabled ] && [ ! -s $run/result.json ]; then echo disabled; exit 0; fi
          echo files; cat $run/status.json; echo '{{Separator}}'; cat $run/result.json
        else
          echo command; cloud-init status --wait --format json
        fi
        """;

    /// <summary>What cloud-init complained of; null when it is content.</summary>
    /// <exception cref="FailureException"><c>cloud_init_missing</c> or <c>cloud_init_disabled</c>.</exception>
    public static Failure? Judge(ExecResult result)
    {
        var report = Read(result);
        return report.State switch
        {
            CloudInitState.Done => null,
            CloudInitState.Disabled => throw new FailureException("cloud_init_disabled", "cloud-init is disabled in this image.",
                "The image found no seed or was told to ignore it; use an image whose cloud-init takes a NoCloud seed."),
            CloudInitState.Error or CloudInitState.Degraded => Complaint(report, result.Stdout),
            _ => throw new FailureException("cloud_init_missing", "The guest has no cloud-init that answers.",
                "Use an image with cloud-init.", $"{result.Stdout}\n{result.Stderr}".Trim()),
        };
    }

    private static CloudInitReport Read(ExecResult result)
    {
        var (how, text) = result.Stdout.Split('\n', 2) is [var first, var rest] ? (first.Trim(), rest) : (result.Stdout.Trim(), "");
        if (how == "disabled")
            return new CloudInitReport(CloudInitState.Disabled, []);
        if (how == "files" && text.Split(Separator) is [var status, var outcome])
            return CloudInitStatus.ParseFiles(status, outcome);
        return CloudInitStatus.ParseCommand(text);
    }

    private static Failure Complaint(CloudInitReport report, string evidence)
    {
        var errors = report.Errors.Select(error => $"{error.Module}: {error.Message}").ToList();
        return new Failure("cloud_init_errors",
            errors.Count == 0 ? "cloud-init reported an error." : string.Join("; ", errors),
            "The VM runs and can be logged in to; /var/log/cloud-init-output.log in the guest has what the module printed.",
            "cloud-init", evidence);
    }
}
