using AutoProvision.Processes;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>Calls <c>virsh</c> on the configured connection and tells "libvirt is down" from "libvirt said no".</summary>
public sealed class Virsh(IProcessRunner processes, IOptions<LibvirtOptions> options)
{
    private static readonly string[] ConnectionTroubles =
        ["failed to connect to the hypervisor", "Failed to connect socket", "End of file while reading data", "Connection refused", "client socket is closed"];

    /// <summary>Runs a virsh command; a refusal is an answer.</summary>
    /// <exception cref="FailureException"><c>hypervisor_unavailable</c>.</exception>
    public Task<ProcessResult> TryAsync(CancellationToken cancellation, params IReadOnlyList<string> arguments) =>
        TryAsync(options.Value.CommandTimeout, cancellation, arguments);

    /// <summary>The same, for a command that has its own time.</summary>
    public async Task<ProcessResult> TryAsync(TimeSpan timeout, CancellationToken cancellation, params IReadOnlyList<string> arguments)
    {
        var result = await processes.RunAsync(
            new ProcessCommand("virsh", ["--quiet", "--connect", options.Value.Uri, .. arguments]) { Timeout = timeout }, cancellation);
        ThrowIfDisconnected(result, options.Value.Uri);
        return result;
    }

    /// <summary>Runs a virsh command that must succeed and gives its output.</summary>
    /// <exception cref="FailureException"><c>hypervisor_unavailable</c> or <c>hypervisor_refused</c>.</exception>
    public async Task<string> RunAsync(CancellationToken cancellation, params IReadOnlyList<string> arguments)
    {
        var result = await TryAsync(cancellation, arguments);
        return result.Succeeded ? result.Output : throw Refused($"virsh {arguments[0]}", result);
    }

    public static FailureException Refused(string what, ProcessResult result) => new("hypervisor_refused",
        $"{what} failed with exit code {result.ExitCode}.", "The evidence is the tool's own message; GET /host shows what the host lacks.", result.Evidence);

    /// <summary>Any libvirt client says it in these words when the daemon is not there.</summary>
    public static void ThrowIfDisconnected(ProcessResult result, string uri)
    {
        if (!result.Succeeded && ConnectionTroubles.Any(trouble => result.Error.Contains(trouble, StringComparison.Ordinal)))
            throw new FailureException("hypervisor_unavailable", $"libvirt does not answer at {uri}.",
                "Start it (systemctl start libvirtd, or deploy/host-setup), and see that the service may use its socket.", result.Evidence);
    }
}
