using AutoProvision.Hypervisors;
using AutoProvision.Ssh;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning;

/// <summary>What a failed step leaves to be read: its own evidence, what the guest says it is at, and the end of its console.</summary>
public sealed class FailureEvidence(IHypervisor hypervisor, ISshConnector connector, VmAccess access, TimeProvider time)
{
    private const int ConsoleChars = 2000;

    // cloud-init's tables of addresses and host keys, many lines in each boot, tell nothing of what it waits for.
    private const string Table = "ci-info:";
    private const int ConsoleRead = 16_000;
    private const int GuestChars = 6000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>What runs and what cloud-init's modules printed last; as root where that is possible.</summary>
    internal const string Question = """
        look='
        echo "--- processes ---"
        { ps -ww --ppid 2 -p 2 --deselect -o pid,ppid,etime,args --forest 2>/dev/null || for it in /proc/[0-9]*; do
        line=$(tr "\000" " " <"$it/cmdline" 2>/dev/null); test -z "$line" || echo "${it#/proc/} $line"
        done; } 2>/dev/null | cut -c 1-160 2>/dev/null | head -n 50
        echo "--- cloud-init-output.log ---"
        tail -c 2000 /var/log/cloud-init-output.log 2>&1'
        if test "$(id -u)" = 0 || ! sudo -n true 2>/dev/null; then sh -c "$look"; else sudo -n sh -c "$look"; fi
        """;

    /// <param name="context">The step's VM.</param>
    /// <param name="failure">What it failed with.</param>
    /// <param name="cancellation">Ends the look.</param>
    public async Task<string?> GatherAsync(StepContext context, Failure failure, CancellationToken cancellation)
    {
        // Once there is a domain its console is a good witness; the undo is about to remove it.
        var console = await ReadConsoleAsync(context.Id, cancellation);
        if (console.Length == 0)
            return failure.Evidence;
        var guest = failure.Code.EndsWith("_timeout", StringComparison.Ordinal) ? await AskAsync(context, cancellation) : "";
        return string.Join('\n', ((string?[])[failure.Evidence, guest, $"--- console ---\n{console}"]).Where(part => !string.IsNullOrEmpty(part)));
    }

    // Over SSH where that works, else by the guest's agent; empty where neither does.
    private async Task<string> AskAsync(StepContext context, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            var told = await AskOverSshAsync(context, either.Token) ?? await hypervisor.AskGuestAsync(context.Id, Question, either.Token) ?? "";
            return told.Length <= GuestChars ? told.TrimEnd() : told[..GuestChars];
        }
        // What cannot be asked must not hide the failure that it was to explain.
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            return "";
        }
    }

    private async Task<string?> AskOverSshAsync(StepContext context, CancellationToken cancellation)
    {
        try
        {
            if (context.Connection is not { IsAlive: true })
            {
                if (context.Vm.Address is null)
                    return null;
                if (context.Connection is not null)
                    await context.TakeConnection().DisposeAsync();
                context.Connection = await connector.ConnectAsync(access.Target(context.Vm), cancellation);
            }
            var answer = await context.Connection.ExecAsync(new ExecRequest(Question) { Timeout = Patience / 2 }, cancellation);
            return answer.Stdout.Contains("---", StringComparison.Ordinal) ? answer.Stdout : null;
        }
        catch (Exception e) when (e is FailureException or ConnectionFullException)
        {
            return null;
        }
    }

    private async Task<string> ReadConsoleAsync(Guid id, CancellationToken cancellation)
    {
        try
        {
            var lines = (await hypervisor.ReadConsoleAsync(id, ConsoleRead, cancellation)).Split('\n').Where(line => !line.Contains(Table, StringComparison.Ordinal));
            var text = string.Join('\n', lines);
            return text.Length <= ConsoleChars ? text : text[^ConsoleChars..];
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            return $"(cannot be read: {e.Message})";
        }
    }
}
