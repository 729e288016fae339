namespace AutoProvision.Ssh;

/// <param name="Command">Given as it is to the user's login shell; use <see cref="ShellQuote"/> for an argument list, and <see cref="IsList"/>.</param>
public sealed record ExecRequest(string Command)
{
    private static readonly Dictionary<string, string> Nothing = [];

    /// <summary>
    /// When it is over, the command and its children are ended; <see cref="SshOptions.ExecTimeout"/> where null.
    /// Waiting for one of the <see cref="SshOptions.ConcurrentExecs"/> places counts.
    /// </summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How much of each stream is kept or passed on, null for all of it; the rest is read and dropped, so the command never blocks on it.</summary>
    public int? MaxOutputBytes { get; init; } = 1024 * 1024;

    /// <summary>
    /// Given to the command; where empty it reads an end of file at once. On a shared connection for what fits into sshd's window
    /// (<see cref="SharedStdin"/>): SSH.NET gives up more than that if the command does not read it within <see cref="SshOptions.ConnectTimeout"/>.
    /// </summary>
    public ReadOnlyMemory<byte> Stdin { get; init; }

    /// <summary>Variables set for the command, by their checked names.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = Nothing;

    /// <summary>Absolute directory to run in; null for the user's home.</summary>
    public string? Directory { get; init; }

    /// <summary>Whom to run as, by sudo; null for who is logged in. The command's shell is then <c>sh</c>.</summary>
    public string? User { get; init; }

    /// <summary>Whether the command is a quoted list of arguments, which a login shell that is not a POSIX one would read otherwise.</summary>
    public bool IsList { get; init; }

    /// <summary>
    /// A command of the service's own: a script of <c>sh</c> that runs whatever the login shell is, and whose output is told apart from what the
    /// shell's start-up files print. There is no other user, directory or variable.
    /// </summary>
    public bool IsOwn { get; init; }

    /// <summary>An own script that may run in bash, where there is one.</summary>
    public bool MayBeBash { get; init; }

    /// <summary>Another way in, by which the command is ended; null ends it by the login that it was begun with.</summary>
    public RootScript? EndBy { get; init; }

    /// <summary>Half of OpenSSH's window (2 MiB): so much input never has to wait for its reader.</summary>
    public const int SharedStdin = 1024 * 1024;
}

/// <summary>Runs a script of <c>sh</c> as root in a guest.</summary>
/// <param name="script">The script.</param>
/// <param name="cancellation">Ends it.</param>
/// <returns>What it printed; null where there is no such way in.</returns>
public delegate Task<string?> RootScript(string script, CancellationToken cancellation);

/// <summary>How a command ended.</summary>
/// <param name="ExitCode">Of the command's shell; null when a signal or the timeout ended it.</param>
/// <param name="Signal">Name without <c>SIG</c> (RFC 4254, section 6.10) when the command's shell was killed by one.</param>
/// <param name="Duration">From the command's start to the end of its output; the wait for a place where it never started.</param>
/// <param name="TimedOut">The command was ended because its time was over.</param>
public sealed record ExecEnd(int? ExitCode, string? Signal, TimeSpan Duration, bool TimedOut)
{
    /// <summary>The command was to be ended, and the guest did not confirm that nothing of it runs any more.</summary>
    public bool MayStillRun { get; init; }

    /// <summary>It ended as if by the guest's shutdown, and the guest did not answer whether it was.</summary>
    public bool IsUnexplained { get; init; }
}

/// <param name="ExitCode">As in <see cref="ExecEnd"/>.</param>
/// <param name="Signal">As in <see cref="ExecEnd"/>.</param>
/// <param name="Stdout">Decoded as UTF-8, undecodable bytes replaced.</param>
/// <param name="Stderr">Likewise.</param>
/// <param name="Duration">As in <see cref="ExecEnd"/>.</param>
/// <param name="TimedOut">The command was ended because its time was over; the output is what it had written until then, none where it never started.</param>
/// <param name="Truncated">One of the streams was longer than <see cref="ExecRequest.MaxOutputBytes"/>; a character that the limit cuts in two is left out.</param>
public sealed record ExecResult(
    int? ExitCode, string? Signal, string Stdout, string Stderr, TimeSpan Duration, bool TimedOut, bool Truncated)
{
    /// <summary>The very bytes, where they are no UTF-8; null otherwise.</summary>
    public ReadOnlyMemory<byte>? StdoutBytes { get; init; }

    /// <summary>Likewise.</summary>
    public ReadOnlyMemory<byte>? StderrBytes { get; init; }

    /// <summary>As in <see cref="ExecEnd"/>.</summary>
    public bool MayStillRun { get; init; }
}
