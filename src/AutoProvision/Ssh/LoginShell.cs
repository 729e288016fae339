namespace AutoProvision.Ssh;

/// <summary>
/// What is known of the login shell on one connection. It stays the same there whatever becomes of the user's: sshd looks it up when the user
/// logs in. The text of a command is for POSIX shells; another shell is given it in two layers.
/// </summary>
internal sealed class LoginShell
{
    // Any other may be somebody's own program that hands the text on to a POSIX shell.
    private static readonly HashSet<string> Others = ["csh", "bsd-csh", "tcsh", "fish", "elvish", "nu", "xonsh"];
    private volatile string? _path;

    /// <summary>An own command that does nothing but tell.</summary>
    public static ExecRequest Question { get; } = new(":") { IsOwn = true };

    /// <summary>Whether no own command has told it yet.</summary>
    public bool IsUnknown => _path is null;

    /// <summary>Whether it is one that reads no POSIX text, such as fish or tcsh.</summary>
    public bool IsOther => _path is { } path && Others.Contains(path[(path.LastIndexOf('/') + 1)..]);

    public void Learn(string? path) => _path = path ?? _path;
}
