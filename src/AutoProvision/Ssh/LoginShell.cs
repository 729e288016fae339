namespace AutoProvision.Ssh;

/// <summary>
/// What is known of the login shell on one connection. It stays the same there whatever becomes of the user's: sshd looks it up when the user
/// logs in. The text of a command is for POSIX shells; another shell is given it in two layers.
/// </summary>
internal sealed class LoginShell
{
    private static readonly HashSet<string> Posix = ["sh", "ash", "bash", "busybox", "dash", "ksh", "ksh93", "lksh", "loksh", "mksh", "oksh", "posh", "rbash", "rksh", "rzsh", "yash", "zsh"];
    private volatile string? _path;

    /// <summary>An own command that does nothing but tell.</summary>
    public static ExecRequest Question { get; } = new(":") { IsOwn = true };

    /// <summary>Whether no own command has told it yet.</summary>
    public bool IsUnknown => _path is null;

    /// <summary>Whether it is known to be another one, such as fish or tcsh.</summary>
    public bool IsOther => _path is { } path && !Posix.Contains(path[(path.LastIndexOf('/') + 1)..]);

    public void Learn(string? path) => _path = path ?? _path;
}
