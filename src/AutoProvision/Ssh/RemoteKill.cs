using Renci.SshNet;
using Renci.SshNet.Common;

namespace AutoProvision.Ssh;

/// <summary>Ends a remote command by its process group, over a channel of its own: first politely, then for good.</summary>
internal sealed class RemoteKill(SshClient client, TimeProvider time)
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ToolTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Returns when the command's channel closed or a grace period after the last signal; false when the guest could not be told.</summary>
    public async Task<bool> EndAsync(int processId, string? user, Task finished)
    {
        try
        {
            await SendAsync("TERM", processId, user);
            await WaitAsync(finished);
            // Even when the shell is gone: a child may have ignored the first signal.
            await SendAsync("KILL", processId, user);
            await WaitAsync(finished);
            return true;
        }
        catch (Exception e) when (e is SshException or TimeoutException or ObjectDisposedException)
        {
            return false;
        }
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

    // A guest that hangs does not even open the channel; what waits for it is freed when the connection is closed.
    private Task SendAsync(string signal, int processId, string? user) => RunAsync(Command(signal, processId, user)).WaitAsync(ToolTimeout, time);

    private async Task RunAsync(string text)
    {
        using var command = client.CreateCommand(AnyShell.Run(text));
        await await DedicatedThread.RunAsync(() => command.ExecuteAsync(CancellationToken.None));
    }

    private async Task WaitAsync(Task finished) =>
        await finished.WaitAsync(Grace, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
