using System.Net.Sockets;
using AutoProvision.Vms;
using Renci.SshNet.Common;

namespace AutoProvision.Ssh;

/// <summary>The failures of this folder, each with its stable code.</summary>
internal static class SshFailures
{
    public const string Unreachable = "ssh_unreachable";
    public const string AuthFailed = "ssh_auth_failed";
    public const string CommandFailed = "ssh_command_failed";
    public const string Lost = "ssh_connection_lost";
    public const string Refused = "ssh_channel_refused";

    /// <summary>The guest was shut down under a command or transfer.</summary>
    public const string WentDown = "guest_went_down";

    /// <summary>Whether the connection went, alone or with its guest: what may be done twice can be tried again.</summary>
    public static bool IsLoss(FailureException e) => e.Code is Lost or WentDown;

    public static FailureException NotReachable(SshTarget target, string seen, Exception? inner = null) => new(Unreachable,
        $"{target} cannot be reached: {seen}",
        "The guest may still be booting; otherwise see that its sshd runs and that nothing on the way drops the connection.", seen, inner);

    public static FailureException NotAuthenticated(SshTarget target, Exception inner) => new(AuthFailed,
        $"{target} did not accept the key.",
        "The user may not exist yet while cloud-init runs; later, look at the user and its authorized_keys in the guest.", inner.Message, inner);

    public static FailureException WrongHost(SshTarget target, string offered, Exception? inner = null) => new("ssh_host_key_mismatch",
        $"{target} answers with another host key than the one this VM was given.",
        "Another machine may have the address, or the guest made new host keys; delete the VM and create it again.",
        $"expected {SshPublicKey.Fingerprint(target.HostKeyPublic)}, offered {offered}", inner);

    public static FailureException KeyUnusable(SshTarget target, Exception inner) => new("ssh_key_invalid",
        $"The key for {target} cannot be read.", "It has to be an OpenSSH private key without a passphrase.", inner: inner);

    public static FailureException ConnectionLost(SshTarget target, Exception inner) => new(Lost,
        $"The connection to {target} broke while a command ran; the command may or may not have finished.",
        "See whether the guest restarted or ran out of memory, then run the command again if that is safe.", inner.Message, inner);

    public static FailureException GuestWentDown(Exception? inner = null) => new(WentDown,
        "The guest was shut down or restarted meanwhile; what was under way may or may not have been done.",
        "See what the guest did (GET /vms/{id}/console, its journal). When the VM is ready again, send the request again if that is safe.", inner?.Message, inner);

    /// <summary>Nothing listens for SSH any more; the guest may go down, or only its sshd was stopped.</summary>
    public static FailureException GuestClosed(Exception? inner = null) => new(WentDown,
        "The guest no longer accepts SSH connections: it was shut down, or its sshd was stopped; what was under way may or may not have been done.",
        "See what the guest did (GET /vms/{id}/console, its journal). When the VM is ready again, send the request again if that is safe.", inner?.Message, inner);

    public static FailureException ChannelRefused(SshTarget target, Exception inner) => new(Refused,
        $"{target} accepts no further command.",
        "The guest may be short of processes or memory, or its sshd allows no commands (MaxSessions 0).", inner.Message, inner);

    /// <summary>What is longer than can be sent to this login shell, and could not be refused with its request.</summary>
    public static FailureException TooLong(int length) => new("command_too_long",
        $"With all quoting for the login shell of the VM's user the command takes {length} bytes, of {ExecScript.LongestText} that can be sent; nothing was run.", "Put a long script into a file of the guest, and call it.");

    public static FailureException SessionsExhausted(int most) => new("ssh_sessions_exhausted",
        $"{most} streamed commands and terminals of this VM are open, as many as Ssh:SessionsPerVm allows.",
        "End one of them, or raise Ssh:SessionsPerVm.");

    /// <summary>The input of a command does not fit beside what others hold.</summary>
    public static FailureException MemoryExhausted(int mostMiB) => new("exec_memory_exhausted",
        $"The commands that run hold {mostMiB} MiB of input and output, as much as Ssh:MaxBufferedOutputMiB allows; nothing was run.",
        "Send it again when some have ended, stream their output (Accept: text/event-stream), or raise Ssh:MaxBufferedOutputMiB.");

    /// <param name="user">The other user that was asked for; null is the VM's own, whose shell did not come to the command.</param>
    /// <param name="said">What the guest said.</param>
    public static FailureException UserRefused(string? user, string said) => user is null
        ? new("exec_user_refused", "The shell of the VM's own user ended before the command was its turn; nothing was run.",
            "See the user's shell and its start-up files in the guest.", said)
        : new("exec_user_refused", $"The guest's sudo did not let the command run as \"{user}\"; nothing was run.",
            "See that the user exists in the guest, and that the VM's own user may become it without a password (sudoers, NOPASSWD).", said);

    /// <param name="exitCode">The login shell's.</param>
    /// <param name="said">What it printed.</param>
    public static FailureException ShellRefused(int? exitCode, string said) => new(CommandFailed,
        $"The login shell of the VM's user ended{(exitCode is { } code ? $" with exit code {code}" : "")} and ran no command.",
        "The user's shell, its start-up files or sshd's configuration keep commands from running.", said);

    public static FailureException NoDirectory(string path, string said) => new("exec_cwd_unusable",
        $"The guest has no directory {path} that the command's user may enter; nothing was run.",
        "Make it first, or leave cwd out for the user's home.", said);

    /// <summary>What SSH.NET threw, as a failure; null where it is none of the connection's.</summary>
    /// <param name="e">The exception.</param>
    /// <param name="target">The guest.</param>
    /// <param name="isAlive">Whether the connection still seems to be there.</param>
    public static FailureException? Of(Exception e, SshTarget target, bool isAlive) => e switch
    {
        // NullReferenceException: SSH.NET 2026.0.0, when the session ends while a command's channel is being opened (SshCommand.cs,
        // UnsubscribeFromChannelEvents on a channel that is not there yet).
        SshConnectionException or SshOperationTimeoutException or SocketException or ObjectDisposedException or NullReferenceException => ConnectionLost(target, e),
        ChannelNotOpenedException or SshException => isAlive ? ChannelRefused(target, e) : ConnectionLost(target, e),
        _ => null,
    };

    /// <summary>What a wait ends with: the last thing seen, as an authentication failure or as a timeout.</summary>
    public static FailureException NeverReady(SshTarget target, Failure? last, Exception inner) =>
        last is { Code: AuthFailed }
            ? new FailureException(last with { Cause = $"{target} did not accept the key until the deadline." }, inner)
            : new FailureException("ssh_timeout",
                $"{target} was not ready for SSH before the deadline.",
                "The guest may boot slowly, or not at all: look at its console log; raise the timeout if it merely needs longer.",
                last?.Evidence ?? "The first attempt was still under way.", inner);

    public static FailureException AgentUnavailable(string evidence) => new("ssh_agent_unavailable",
        "No SSH agent answers.",
        "Start ssh-agent and give the service its SSH_AUTH_SOCK, or set Ssh:UseAgent to false.", evidence);

    public static FailureException AgentRefused(string what, string evidence) => new("ssh_agent_refused",
        $"The SSH agent would not {what}.", "It may be locked (ssh-add -X unlocks it).", evidence);
}
