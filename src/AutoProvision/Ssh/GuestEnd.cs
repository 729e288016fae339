using System.Net.Sockets;
using System.Text.RegularExpressions;
using AutoProvision.Vms;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace AutoProvision.Ssh;

/// <summary>What is known of the guest after a command ended as if by the guest's shutdown.</summary>
internal enum GuestFate
{
    /// <summary>It runs as before.</summary>
    Up,

    /// <summary>It goes down, or was started again since.</summary>
    Down,

    /// <summary>Nothing listens for SSH any more.</summary>
    Closed,

    /// <summary>It did not answer in time, which a guest under load does not either.</summary>
    Unknown,
}

/// <summary>
/// Tells whether a command was ended by its guest going down: systemd ends sessions with SIGTERM, and what is left of the command looks like
/// any other end, or like a lost connection. It is asked for only where a command ended in such a way, so that others take no longer.
/// </summary>
/// <param name="client">The command's connection.</param>
/// <param name="logIn">Opens another one to the same guest.</param>
/// <param name="boot">The guest's boot id as the connection began; null or empty where it was not told.</param>
/// <param name="time">Measures the patience.</param>
internal sealed partial class GuestEnd(SshClient client, Func<CancellationToken, Task<SshClient>> logIn, string? boot, TimeProvider time)
{
    // For each of the two ways to ask it.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // As a shell tells of a child that SIGHUP, SIGKILL or SIGTERM ended.
    private static readonly int?[] Killed = [128 + 1, 128 + 9, 128 + 15];

    // Without a bus systemctl answers root alone.
    private const string Question = """
        state=$(systemctl is-system-running 2>/dev/null)
        case $state in '' | offline | unknown) state=$(sudo -n systemctl is-system-running 2>/dev/null) ;; esac
        read -r boot </proc/sys/kernel/random/boot_id
        echo "autoprovision-boot $boot ${state%%[!a-z]*}"
        """;

    /// <summary>Whether an end may be the guest's.</summary>
    /// <param name="exitCode">Of the command's shell.</param>
    /// <param name="signal">Name without <c>SIG</c>.</param>
    /// <param name="isConnected">Whether the connection is still there.</param>
    public static bool IsPossible(int? exitCode, string? signal, bool isConnected) =>
        exitCode is null ? signal is null or "HUP" or "KILL" or "TERM" : Killed.Contains(exitCode) || (exitCode != 0 && !isConnected);

    /// <summary>As the client says, also when it is closed already.</summary>
    public static bool IsConnected(SshClient client)
    {
        try
        {
            return client.IsConnected;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Whether a lost connection may be the guest's end, and not only this connection's.</summary>
    public static bool IsLoss(Exception e) => e is SshConnectionException or SocketException or ObjectDisposedException;

    /// <summary>Asks the guest, over the command's connection where that is still there, else over another one.</summary>
    /// <param name="isLost">Whether the connection was lost.</param>
    /// <param name="given">Ends it: nobody may log in any more, or nobody waits for the answer.</param>
    public async Task<GuestFate> AskAsync(bool isLost, CancellationToken given)
    {
        if (!isLost && await TryAskAsync(client, given) is { } told)
            return FateOf(told, boot);
        if (given.IsCancellationRequested)
            return GuestFate.Unknown;
        var (other, refusal) = await TryLogInAsync(given);
        if (other is null)
            return IsClosed(refusal) ? GuestFate.Closed : GuestFate.Unknown;
        try
        {
            return await TryAskAsync(other, given) is { } answer ? FateOf(answer, boot) : GuestFate.Unknown;
        }
        finally
        {
            await DedicatedThread.RunAsync(other.Dispose);
        }
    }

    internal static GuestFate FateOf((string Boot, string State) told, string? boot) =>
        told.State == "stopping" || (boot is { Length: > 0 } && told.Boot.Length > 0 && told.Boot != boot) ? GuestFate.Down : GuestFate.Up;

    internal static (string Boot, string State)? Parse(string text) => Answer().Match(text) is { Success: true } match ? (match.Groups["boot"].Value, match.Groups["state"].Value) : null;

    // Not one that hangs up or refuses the key: a busy sshd (MaxStartups) and a key that was taken away do so too.
    internal static bool IsClosed(Exception? refusal) =>
        refusal is FailureException { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused } };

    // Null where it cannot be asked any more, or what answers it is ended as well.
    private async Task<(string, string)?> TryAskAsync(SshClient over, CancellationToken given)
    {
        try
        {
            return Parse(await RunAsync(over).WaitAsync(Patience, time, given));
        }
        catch (Exception e) when (e is SshException or SocketException or TimeoutException or OperationCanceledException or ObjectDisposedException or NullReferenceException or InvalidOperationException)
        {
            return null;
        }
    }

    private static async Task<string> RunAsync(SshClient over)
    {
        using var command = over.ToCommand(SentText.OfScript(Question));
        await await DedicatedThread.RunAsync(() => command.ExecuteAsync(CancellationToken.None));
        return command.Result;
    }

    private async Task<(SshClient? Client, Exception? Refusal)> TryLogInAsync(CancellationToken given)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, given);
        var attempt = logIn(either.Token);
        try
        {
            return (await attempt.WaitAsync(either.Token), null);
        }
        catch (OperationCanceledException e)
        {
            _ = CloseLateAsync(attempt);
            return (null, e);
        }
        catch (Exception e) when (e is FailureException or SshException or SocketException)
        {
            return (null, e);
        }
    }

    private static async Task CloseLateAsync(Task<SshClient> attempt)
    {
        await ((Task)attempt).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (attempt.IsCompletedSuccessfully)
            await DedicatedThread.RunAsync(attempt.Result.Dispose);
    }

    [GeneratedRegex("^autoprovision-boot (?<boot>[0-9a-f-]*) (?<state>[a-z]*)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Answer();
}
