using AutoProvision.Processes;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>Calls <c>virsh</c> on the configured connection and tells "libvirt is down" from "libvirt said no".</summary>
public sealed class Virsh(IProcessRunner processes, IOptions<LibvirtOptions> options, TimeProvider time)
{
    // What virsh prints first, so that an empty answer is known to be its own.
    private const string Mark = "answer:";

    /// <summary>Runs a virsh command; a refusal is an answer.</summary>
    /// <exception cref="FailureException"><c>hypervisor_unavailable</c>.</exception>
    public Task<ProcessResult> TryAsync(CancellationToken cancellation, params IReadOnlyList<string> arguments) =>
        TryAsync(options.Value.CommandTimeout, cancellation, arguments);

    /// <summary>The same, for a command that has its own time.</summary>
    public Task<ProcessResult> TryAsync(TimeSpan timeout, CancellationToken cancellation, params IReadOnlyList<string> arguments) =>
        TryAsync(Command(arguments) with { Timeout = timeout }, cancellation);

    /// <summary>Runs a virsh command that must succeed and gives its output.</summary>
    /// <exception cref="FailureException"><c>hypervisor_unavailable</c> or <c>hypervisor_refused</c>.</exception>
    public async Task<string> RunAsync(CancellationToken cancellation, params IReadOnlyList<string> arguments)
    {
        var result = await TryAsync(cancellation, arguments);
        return result.Succeeded ? result.Output : throw Refused($"virsh {arguments[0]}", result);
    }

    /// <summary>Runs a command that may rightly print nothing: nothing at all is then no answer.</summary>
    /// <param name="command">As virsh's own command line takes it: nothing of a request's may be in it.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="FailureException"><c>hypervisor_garbled</c>, <c>hypervisor_unavailable</c> or <c>hypervisor_refused</c>.</exception>
    public async Task<string> ListAsync(string command, CancellationToken cancellation)
    {
        // Of several commands in one, virsh's exit code is the last one's.
        var output = await RunAsync(cancellation, $"echo {Mark}; {command}");
        return output.StartsWith(Mark, StringComparison.Ordinal) ? output[Mark.Length..] : throw Garbled(command, output);
    }

    /// <summary>Runs a virsh command that reads its standard input and must succeed.</summary>
    /// <exception cref="FailureException"><c>hypervisor_unavailable</c> or <c>hypervisor_refused</c>.</exception>
    public async Task FeedAsync(string input, CancellationToken cancellation, params IReadOnlyList<string> arguments)
    {
        var result = await TryAsync(Command(arguments) with { Input = input }, cancellation);
        if (!result.Succeeded)
            throw Refused($"virsh {arguments[0]}", result);
    }

    /// <summary>Runs a command that goes on until it is cancelled or fails.</summary>
    /// <param name="command">As virsh's own command line takes it: nothing of a request's may be in it.</param>
    /// <param name="begun">Called once libvirt has answered.</param>
    /// <param name="told">Given each line that virsh prints from then on.</param>
    /// <param name="cancellation">Ends virsh.</param>
    /// <exception cref="FailureException"><c>hypervisor_unavailable</c> or <c>hypervisor_refused</c>: virsh has ended, or libvirt does not answer in time.</exception>
    public async Task FollowAsync(string command, Action begun, Action<string> told, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var running = processes.RunAsync(Command([$"echo {Mark}; uri; {command}"]) with { IsCompanion = true, Timeout = Timeout.InfiniteTimeSpan, OnLine = Hear }, stop.Token);
        var patience = Task.Delay(options.Value.CommandTimeout, time, stop.Token);
        var isLate = await Task.WhenAny(running, answered.Task, patience) == patience && !cancellation.IsCancellationRequested;
        if (isLate)
            await stop.CancelAsync();
        try
        {
            var result = await running;
            ConnectionTroubles.ThrowIfDisconnected(result, options.Value.Uri);
            throw Refused($"virsh {command}", result);
        }
        catch (OperationCanceledException) when (isLate)
        {
            throw new FailureException(HypervisorFailures.Unavailable, $"libvirt does not answer at {options.Value.Uri}: virsh waited for {options.Value.CommandTimeout.TotalSeconds:0} s.",
                "libvirt may hang: look at its log.");
        }
        finally
        {
            await stop.CancelAsync();
        }

        // virsh's echo ends no line. It connects before its first command; one that cannot does not come to that.
        void Hear(string line)
        {
            if (answered.Task.IsCompleted)
                told(line);
            else if (line.StartsWith(Mark, StringComparison.Ordinal) && answered.TrySetResult())
                begun();
        }
    }

    public static FailureException Refused(string what, ProcessResult result) => new("hypervisor_refused",
        $"{what} failed with exit code {result.ExitCode}.", "The evidence is the tool's own message; GET /host shows what the host lacks.", result.Evidence);

    public static FailureException Garbled(string command, string output) => new("hypervisor_garbled",
        $"virsh {command} ended well, but what it printed is not its answer.", "See that virsh on the service's PATH is libvirt's own; the evidence is what it printed.",
        new ProcessResult(0, output, "").Evidence);

    private ProcessCommand Command(IReadOnlyList<string> arguments) =>
        new("virsh", ["--quiet", "--connect", options.Value.Uri, .. arguments]) { Timeout = options.Value.CommandTimeout };

    private async Task<ProcessResult> TryAsync(ProcessCommand command, CancellationToken cancellation)
    {
        var result = await processes.RunAsync(command, cancellation);
        ConnectionTroubles.ThrowIfDisconnected(result, options.Value.Uri);
        return result;
    }
}
