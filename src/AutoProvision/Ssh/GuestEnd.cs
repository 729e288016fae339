using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using AutoProvision.Vms;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace AutoProvision.Ssh;

/// <summary>
/// Tells whether a command was ended by its guest going down: systemd ends sessions with SIGTERM, and what is left of the command looks like
/// any other end, or like a lost connection. It is asked for only where a command ended in such a way, so that others take no longer.
/// </summary>
/// <param name="client">The command's connection.</param>
/// <param name="logIn">Opens another one to the same guest.</param>
/// <param name="time">Measures the patience.</param>
internal sealed partial class GuestEnd(SshClient client, Func<CancellationToken, Task<SshClient>> logIn, TimeProvider time)
{
    // The guest that goes down does not let in any more, and that one may be long in coming back. What is back sooner tells by its uptime.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // As a shell tells of a child that SIGHUP, SIGKILL or SIGTERM ended.
    private static readonly int?[] Killed = [128 + 1, 128 + 9, 128 + 15];

    // Without a bus systemctl answers root alone.
    private const string Question = """
        state=$(systemctl is-system-running 2>/dev/null)
        case $state in '' | offline | unknown) state=$(sudo -n systemctl is-system-running 2>/dev/null) ;; esac
        read -r up rest </proc/uptime
        echo "autoprovision-up ${up%%.*} ${state%%[!a-z]*}"
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

    /// <summary>Whether the guest goes down, or was started again since.</summary>
    /// <param name="passed">Since the command began.</param>
    /// <param name="isLost">Whether nothing but the connection's loss speaks for it: a guest that is silent may be anywhere then.</param>
    public async Task<bool> CameAsync(TimeSpan passed, bool isLost)
    {
        var started = time.GetTimestamp();
        if (!isLost && await TryAskAsync(client) is { } told)
            return IsDown(told, passed);
        var (other, refusal) = await TryLogInAsync();
        if (other is null)
            return !isLost || IsClosed(refusal);
        try
        {
            return await TryAskAsync(other) is not { } answer || IsDown(answer, passed + time.GetElapsedTime(started));
        }
        finally
        {
            await DedicatedThread.RunAsync(other.Dispose);
        }
    }

    internal static bool IsDown((long Uptime, string State) told, TimeSpan passed) => told.State == "stopping" || told.Uptime + 1 < passed.TotalSeconds;

    internal static (long Uptime, string State)? Parse(string text) =>
        Answer().Match(text) is { Success: true } match && long.TryParse(match.Groups["up"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var up) ? (up, match.Groups["state"].Value) : null;

    // Its sshd has stopped, or lets nobody in any more (pam_nologin).
    private static bool IsClosed(Exception? refusal) => refusal is FailureException { Code: SshFailures.AuthFailed }
        or FailureException { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused or SocketError.ConnectionReset } }
        or FailureException { InnerException: SshException and not SshOperationTimeoutException };

    // Null where it cannot be asked any more, or what answers it is ended as well.
    private async Task<(long, string)?> TryAskAsync(SshClient over)
    {
        try
        {
            return Parse(await AskAsync(over).WaitAsync(Patience, time));
        }
        catch (Exception e) when (e is SshException or SocketException or TimeoutException or ObjectDisposedException or NullReferenceException or InvalidOperationException)
        {
            return null;
        }
    }

    private static async Task<string> AskAsync(SshClient over)
    {
        using var command = over.ToCommand(SentText.OfScript(Question));
        await await DedicatedThread.RunAsync(() => command.ExecuteAsync(CancellationToken.None));
        return command.Result;
    }

    private async Task<(SshClient? Client, Exception? Refusal)> TryLogInAsync()
    {
        using var patience = new CancellationTokenSource(Patience, time);
        var attempt = logIn(patience.Token);
        try
        {
            return (await attempt.WaitAsync(Patience, time), null);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
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

    [GeneratedRegex("^autoprovision-up (?<up>[0-9]+) (?<state>[a-z]*)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Answer();
}
