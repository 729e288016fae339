namespace AutoProvision.Ssh;

/// <param name="Command">Given as it is to the user's login shell, which has to be a POSIX one; use <see cref="ShellQuote"/> for an argument list.</param>
public sealed record ExecRequest(string Command)
{
    /// <summary>
    /// When it is over, the command and its children are ended; <see cref="SshOptions.ExecTimeout"/> where null.
    /// Waiting for one of the <see cref="SshOptions.ConcurrentExecs"/> places counts.
    /// </summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How much of each stream is kept; the rest is read and dropped, so the command never blocks on it.</summary>
    public int MaxOutputBytes { get; init; } = 1024 * 1024;

    /// <summary>
    /// Given to the command as UTF-8; without it the command reads an end of file at once.
    /// For small input: what goes beyond sshd's window (2 MiB in OpenSSH) has to be read by the command within <see cref="SshOptions.ConnectTimeout"/>.
    /// </summary>
    public string? Stdin { get; init; }
}

/// <param name="ExitCode">Null when a signal or the timeout ended the command before it had one.</param>
/// <param name="Signal">Name without <c>SIG</c> (RFC 4254, section 6.10) when the command's shell was killed by one.</param>
/// <param name="Stdout">Decoded as UTF-8, undecodable bytes replaced.</param>
/// <param name="Stderr">Likewise.</param>
/// <param name="Duration">From the command's start to the end of both streams; the wait for a place where it never started.</param>
/// <param name="TimedOut">The command was ended because its time was over; the output is what it had written until then, none where it never started.</param>
/// <param name="Truncated">One of the streams was longer than <see cref="ExecRequest.MaxOutputBytes"/>.</param>
public sealed record ExecResult(
    int? ExitCode, string? Signal, string Stdout, string Stderr, TimeSpan Duration, bool TimedOut, bool Truncated);
