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
    private volatile string? _boot;

    /// <summary>An own command that does nothing but tell: the shell by its marker, and the guest's boot.</summary>
    public static ExecRequest Question { get; } = new("cat /proc/sys/kernel/random/boot_id 2>/dev/null") { IsOwn = true };

    /// <summary>Whether the question is still to be asked.</summary>
    public bool IsUnknown => _path is null || _boot is null;

    /// <summary>The id of the boot that the connection is to; empty where the guest did not tell it, null before it was asked.</summary>
    public string? Boot => _boot;

    /// <summary>Whether it is one that reads no POSIX text, such as fish or tcsh.</summary>
    public bool IsOther => _path is { } path && Others.Contains(path[(path.LastIndexOf('/') + 1)..]);

    public void Learn(string? path) => _path = path ?? _path;

    public void LearnBoot(string told) => _boot ??= Guid.TryParseExact(told.Trim(), "D", out var id) ? id.ToString() : "";
}
