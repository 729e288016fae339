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

    public static readonly string Script = Build(VerificationProbe.Script);

    /// <summary>For a guest that may restart before it was asked: what its earlier boots complained of is told, too.</summary>
    public static readonly string ScriptForAllBoots = Build(VerificationProbe.ScriptForAllBoots);

    // Root from the beginning, where it may be: sudo takes an emulated guest most of a second, and now nobody waits for that.
    private static string Build(string verification)
    {
        var body = Body.Replace(Verification, verification, StringComparison.Ordinal);
        return $$"""
            if [ "$(id -u)" != 0 ] && sudo -n true 2>/dev/null; then exec sudo -n "${BASH:-/bin/sh}" -c {{ShellQuote.Quote(body)}}; fi
            {{body}}
            """;
    }

    private const string Verification = "--- verification ---";

    private const string Body =
        $$"""
        run=/run/cloud-init
        # bash can wait without starting a process, which is dear on an emulated guest that is still busy.
        nap() { sleep 0.1; }
        if [ -n "${BASH_VERSION-}" ]; then
          pipe=$(mktemp -u) && mkfifo "$pipe" && exec 9<>"$pipe" && rm "$pipe" && nap() { read -r -t 0.1 _ <&9; }
        fi
        if [ -d $run ]; then
          looks=0
          while [ ! -s $run/result.json ]; do
            if [ -e $run/disabled ]; then echo disabled; exit 0; fi
            looks=$((looks + 1))
            if [ $((looks % 50)) = 0 ] && systemctl is-failed -q cloud-final.service && [ "$(systemctl is-system-running)" != stopping ]; then echo died; exit 0; fi
            nap
          done
          echo files; echo '{{Separator}}' | cat $run/status.json - $run/result.json
          # A list with something in it: why is told by what the module printed. apt's errors may be far from the end.
          if grep -q '\[$' $run/status.json $run/result.json; then
            echo '{{Separator}}'
            log=/var/log/cloud-init-output.log
            look="grep '^E: ' $log | head -n 10 | cut -c 1-200; tail -c 3000 $log"
            if [ -r $log ]; then sh -c "$look"; else sudo -n sh -c "$look"; fi 2>/dev/null
          fi
          {{Verification}}
        elif command -v cloud-init >/dev/null; then
          echo command; cloud-init status --wait --format json
        else
          echo missing
        fi
        """;

    /// <summary>What cloud-init complained of; null when it is content.</summary>
    /// <exception cref="FailureException"><c>cloud_init_missing</c>, <c>cloud_init_disabled</c> or <c>cloud_init_status_unreadable</c>.</exception>
    public static Failure? Judge(ExecResult result)
    {
        var stdout = VerificationProbe.Without(result.Stdout);
        var (how, text) = stdout.Split('\n', 2) is [var first, var rest] ? (first, rest) : (stdout, "");
        return how switch
        {
            "disabled" => throw new FailureException("cloud_init_disabled", "cloud-init is disabled in this image.",
                "The image found no seed or was told to ignore it; use an image whose cloud-init takes a NoCloud seed."),
            "missing" => throw new FailureException("cloud_init_missing", "The guest has no cloud-init.", "Use an image with cloud-init."),
            "died" => Complaint([new CloudInitError("cloud-final", "the service died before it wrote a result")], null),
            "files" when text.Split(Separator, 3) is [var status, var outcome, .. var log] =>
                Judge(CloudInitWarnings.AddTo(CloudInitStatus.ParseFiles(status, outcome), VerificationProbe.Warnings(result.Stdout)), log is [var printed] && !string.IsNullOrWhiteSpace(printed) ? printed.Trim() : text),
            _ => Judge(CloudInitStatus.ParseCommand(text), text),
        };
    }

    private static Failure? Judge(CloudInitReport report, string evidence) =>
        report.State == CloudInitState.Done ? null : Complaint(report.Errors, evidence);

    private static Failure Complaint(IReadOnlyList<CloudInitError> errors, string? evidence) => new("cloud_init_errors",
        errors.Count == 0 ? "cloud-init reported an error." : string.Join("; ", errors.Select(error => $"{error.Module}: {error.Message}")),
        "The VM runs and can be logged in to; /var/log/cloud-init-output.log in the guest has what the module printed.",
        "cloud-init", evidence);
}
