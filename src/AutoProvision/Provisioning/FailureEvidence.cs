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

    // The complaint about an account is far from the end where a guest was waited for since.
    private const int BootRead = 64_000;
    private const string Accounts = "--- accounts ---";
    private const int GuestChars = 6000;

    // Each has its own: a login that hangs must leave the guest agent its time.
    internal static readonly TimeSpan SshPatience = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan AgentPatience = TimeSpan.FromSeconds(6);

    /// <summary>What runs and what cloud-init's modules printed last; as root where that is possible.</summary>
    internal const string Question = $$"""
        look='
        echo "--- processes ---"
        { ps -ww --ppid 2 -p 2 --deselect -o pid,ppid,etime,args --forest 2>/dev/null || for it in /proc/[0-9]*; do
        line=$(tr "\000" " " <"$it/cmdline" 2>/dev/null); test -z "$line" || echo "${it#/proc/} $line"
        done; } 2>/dev/null | cut -c 1-160 2>/dev/null | head -n 50
        echo "--- cloud-init-output.log ---"
        tail -c 2000 /var/log/cloud-init-output.log 2>&1
        echo "--- accounts ---"
        grep -aEh "{{AccountComplaints.Pattern}}" /var/log/cloud-init-output.log /var/log/cloud-init.log 2>/dev/null | head -n 10 | cut -c 1-400'
        if test "$(id -u)" = 0 || ! sudo -n true 2>/dev/null; then sh -c "$look"; else sudo -n sh -c "$look"; fi
        """;

    /// <summary>The same over SSH, whatever the login shell is.</summary>
    internal static ExecRequest Request { get; } = new(Question) { IsOwn = true };

    /// <param name="context">The step's VM.</param>
    /// <param name="failure">What it failed with.</param>
    /// <param name="cancellation">Ends the look.</param>
    /// <returns>The failure with all that explains it.</returns>
    public async Task<Failure> GatherAsync(StepContext context, Failure failure, CancellationToken cancellation)
    {
        // Both while there is a domain to ask: the undo is about to remove it.
        var mayBeAccounts = AccountComplaints.MayExplain(failure);
        var told = mayBeAccounts || failure.Code.EndsWith("_timeout", StringComparison.Ordinal) ? await AskAsync(context, cancellation) : "";
        var (guest, accounts) = told.Split(Accounts, 2) is [var before, var after] ? (Cut(before), after) : (Cut(told), "");
        var console = await ReadConsoleAsync(context.Id, mayBeAccounts ? BootRead : ConsoleRead, cancellation);
        var explained = mayBeAccounts ? AccountComplaints.Explain(failure, accounts, console) : failure;
        var end = console.Length <= ConsoleChars ? console : console[^ConsoleChars..];
        return guest.Length + end.Length == 0 ? explained : explained with
        {
            Evidence = string.Join('\n', ((string?[])[failure.Evidence, guest, end.Length == 0 ? "" : $"--- console ---\n{end}"]).Where(part => !string.IsNullOrEmpty(part))),
        };
    }

    // Over SSH where that works, else by the guest agent; empty where neither does.
    private async Task<string> AskAsync(StepContext context, CancellationToken cancellation) =>
        await AskOverSshAsync(context, cancellation) ?? await AskAgentAsync(context.Id, cancellation) ?? "";

    private static string Cut(string told) => told.Length <= GuestChars ? told.TrimEnd() : told[..GuestChars];

    private async Task<string?> AskAgentAsync(Guid id, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(AgentPatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            return await hypervisor.AskGuestAsync(id, Question, either.Token);
        }
        // What cannot be asked must not hide the failure that it was to explain.
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<string?> AskOverSshAsync(StepContext context, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(SshPatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        if (context.Connection is { IsAlive: true } connection && await AskOverAsync(connection, either.Token, cancellation) is { } told)
            return told;
        if (context.Vm.Address is null)
            return null;
        // The service's own account may be there before the user, and may use sudo.
        return await LogInAndAskAsync(() => access.ServiceTarget(context.Vm), either.Token, cancellation)
            ?? await LogInAndAskAsync(() => access.Target(context.Vm), either.Token, cancellation);
    }

    private async Task<string?> LogInAndAskAsync(Func<SshTarget?> account, CancellationToken patience, CancellationToken cancellation)
    {
        try
        {
            if (account() is not { } target)
                return null;
            await using var connection = await connector.ConnectAsync(target, patience);
            return await AskOverAsync(connection, patience, cancellation);
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    private static async Task<string?> AskOverAsync(ISshConnection connection, CancellationToken patience, CancellationToken cancellation)
    {
        using var output = new ExecCollector(Request);
        var end = new ExecEnd(null, null, TimeSpan.Zero, TimedOut: true);
        try
        {
            end = await connection.ExecAsync(Request, output, patience);
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            // What came until then is told.
        }
        var said = output.Result(end).Stdout;
        return said.Contains("---", StringComparison.Ordinal) ? said : null;
    }

    private async Task<string> ReadConsoleAsync(Guid id, int most, CancellationToken cancellation)
    {
        try
        {
            var lines = (await hypervisor.ReadConsoleAsync(id, most, cancellation)).Split('\n').Where(line => !line.Contains(Table, StringComparison.Ordinal));
            return string.Join('\n', lines);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            return $"(cannot be read: {e.Message})";
        }
    }
}
