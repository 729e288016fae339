using System.Net.Sockets;
using AutoProvision.Vms;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace AutoProvision.Ssh;

/// <summary>
/// Ends a remote command by its process group, first politely, then for good: as root in another way where there is one, else over a channel of
/// the command's own connection, or of a further one.
/// </summary>
/// <param name="client">The command's connection.</param>
/// <param name="logIn">Opens another one to the same guest, for where that takes no further channel.</param>
/// <param name="asRoot">The other way; null where there is none.</param>
/// <param name="boot">The id of the boot that the command began on; empty or null where it is not known.</param>
/// <param name="time">Measures the grace.</param>
internal sealed class RemoteKill(SshClient client, Func<CancellationToken, Task<SshClient>> logIn, RootScript? asRoot, string? boot, TimeProvider time) : IAsyncDisposable
{
    // Told by the last line: start-up files of a shell may print before it.
    private const string Leader = "autoprovision-leads";
    private const string Gone = "autoprovision-gone";
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ToolTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private readonly CancellationTokenSource _over = new(Longest, time);
    private RootScript? _asRoot = asRoot;
    private bool _isOwnAsked;
    private SshClient? _other;

    /// <summary>Whether the command's connection turned out not to answer any more.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Returns when nothing of the command is left, or a while after the last signal.</summary>
    /// <returns>Whether the guest said so: nothing is left.</returns>
    public async Task<bool> EndAsync(int processId, string? user, Task finished)
    {
        try
        {
            var leads = (await SendAsync(processId, $"{Leads(processId)}\n{Command("TERM", processId, user)}")).TrimEnd().EndsWith(Leader, StringComparison.Ordinal);
            await WaitAsync(finished);
            // Even when the shell is gone: a child may have ignored the first signal.
            var said = await SendAsync(processId, Command("KILL", processId, user) + Confirm(processId));
            await WaitAsync(finished);
            return leads && said.TrimEnd().EndsWith(Gone, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is SshException or SocketException or TimeoutException or OperationCanceledException or ObjectDisposedException or FailureException)
        {
            IsBroken = _isOwnAsked && _other is null && e is not FailureException;
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _over.Dispose();
        if (_other is { } other)
            await DedicatedThread.RunAsync(other.Dispose);
    }

    /// <summary>
    /// The shell leads a process group under OpenSSH, hence the negative id; other servers may not make one, hence the plain one.
    /// What has left the group, as timeout(1) does and every job of a shell with job control, is found by its session: the sixth
    /// field of /proc/[pid]/stat (proc(5)), whose second may hold anything.
    /// Where the user may use sudo, what they run under it is ended as well; where only to become the user who runs it, as that one.
    /// </summary>
    internal static string Command(string signal, int processId, string? user)
    {
        var all = $"all=$(cat /proc/[0-9]*/stat 2>/dev/null | sed -n 's/^\\([0-9]*\\) (.*) [A-Za-z] [0-9]* [0-9]* {processId} .*/\\1/p')";
        var kill = $"kill -s {signal} -- -{processId} {processId} $all";
        var other = user is null ? "" : $" || sudo -n -u {ShellQuote.Quote(user)} {kill} 2>/dev/null";
        return $"{all}; {kill} 2>/dev/null; test \"$(id -u)\" = 0 || sudo -n {kill} 2>/dev/null{other}; :";
    }

    /// <summary>Says whether the shell leads a process group (the fifth field): where it does not, nobody knows all that belongs to it.</summary>
    private static string Leads(int processId) => $"sed -n 's/^{processId} (.*) . [0-9]* {processId} .*/{Leader}/p' /proc/{processId}/stat 2>/dev/null";

    /// <summary>
    /// Says whether nothing of the shell, its group and its session is left, zombies (Z) and dead ones (X) aside; a killed one takes a moment.
    /// Where /proc hides others' processes (hidepid, proc(5)) root has to look: the first process is looked for, too, so that nothing seen is
    /// not taken for nothing left.
    /// </summary>
    private static string Confirm(int processId) => $$"""

        as=; test -r /proc/1/stat || as='sudo -n'
        for look in 1 2 3 4 5; do
        left=$($as sh -c 'cat /proc/[0-9]*/stat' 2>/dev/null | sed -n -e 's/^1 .*/1/p' -e 's/^{{processId}} (.*) [^ZXx] .*/own/p' -e 's/.*) [^ZXx] [0-9]* {{processId}} .*/group/p' -e 's/.*) [^ZXx] [0-9]* [0-9]* {{processId}} .*/session/p')
        test "$left" = 1 && echo {{Gone}} && exit
        sleep 0.2 2>/dev/null || sleep 1
        done
        """;

    /// <summary>
    /// Ends the script where the process is not the command's. The id is what the guest told, and root may end anything: the guest must not have
    /// been started again since, and whatever has that id, or has it as its group or session, must come from a login of the same user.
    /// Sudo does not change that number (loginuid in proc(5)); where the kernel keeps none, the owner tells, or nothing is ended as root.
    /// </summary>
    internal static string Guard(int processId, string user, string? boot) => $$"""
        read -r boot </proc/sys/kernel/random/boot_id && test "$boot" = {{ShellQuote.Quote(boot ?? "")}} || exit 3
        user=$(id -u {{ShellQuote.Quote(user)}}) || exit 3
        for it in $(cat /proc/[0-9]*/stat 2>/dev/null | sed -n -e 's/^\({{processId}}\) (.*/\1/p' -e 's/^\([0-9]*\) (.*) [A-Za-z] [0-9]* {{processId}} .*/\1/p' -e 's/^\([0-9]*\) (.*) [A-Za-z] [0-9]* [0-9]* {{processId}} .*/\1/p'); do
        who=
        read -r who 2>/dev/null </proc/$it/loginuid
        case $who in '' | 4294967295) who=$(stat -c %u /proc/$it 2>/dev/null) ;; esac
        test -z "$who" || test "$who" = "$user" || exit 3
        done

        """;

    private async Task<string> SendAsync(int processId, string text)
    {
        if (await AsRootAsync(Guard(processId, client.ConnectionInfo.Username, boot) + text) is { } said)
            return said;
        // What cannot be used once is not tried again.
        _asRoot = null;
        if (_other is null)
            try
            {
                _isOwnAsked = true;
                return await RunAsync(client, text);
            }
            catch (SshException e) when (e is not (SshConnectionException or SshOperationTimeoutException))
            {
                // It takes no further channel.
                _other = await logIn(_over.Token);
            }
        return await RunAsync(_other, text);
    }

    private async Task<string?> AsRootAsync(string text)
    {
        if (_asRoot is null)
            return null;
        using var limit = new CancellationTokenSource(ToolTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _over.Token);
        try
        {
            // It may take its own time to give up.
            return await _asRoot(text, either.Token).WaitAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    // A guest that hangs does not even open the channel; what waits for it is freed when the connection is closed.
    private Task<string> RunAsync(SshClient over, string text) => ReadAsync(over, text).WaitAsync(ToolTimeout, time, _over.Token);

    private static async Task<string> ReadAsync(SshClient over, string text)
    {
        using var command = over.ToCommand(SentText.OfScript(text));
        await await DedicatedThread.RunAsync(() => command.ExecuteAsync(CancellationToken.None));
        return command.Result;
    }

    private async Task WaitAsync(Task finished) =>
        await finished.WaitAsync(Grace, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
