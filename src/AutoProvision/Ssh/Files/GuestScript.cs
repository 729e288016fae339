namespace AutoProvision.Ssh.Files;

/// <summary>
/// A script of <c>sh</c> for a guest's files. It runs as root where the VM's user may use sudo, so that every path works, and as that user otherwise.
/// </summary>
/// <param name="Text">The script.</param>
/// <param name="Arguments">What it is given, from <c>$1</c>.</param>
internal sealed record GuestScript(string Text, params string[] Arguments)
{
    /// <summary>A line that comes before all that a script says which runs as root by sudo: others may go the short way then, see <see cref="AsRoot"/>.</summary>
    public const string Root = "autoprovision-root";

    private const string MaySudo = "sudo -n -- sh -c : 2>/dev/null";

    // One sudo to become root and one to ask: each takes an emulated guest as long as unpacking hundreds of files. setpriv is quicker than
    // another sudo, where it is util-linux' own; what it refuses is asked for again, for busybox has one with fewer options.
    private const string OnBehalf = $"""
        user=$1
        shift
        setpriv --reuid "$user" --regid "$(id -g -- "$user")" --init-groups {MaySudo} </dev/null ||
        sudo -n -u "$user" -H -- {MaySudo} </dev/null &&
        echo {Root} && exec sh -c "$@"
        exec sudo -n -u "$user" -H -- sh -c "$@"
        """;

    /// <summary>For the login of the user, who may be root.</summary>
    public string ByUser() => $"""
        set -- {Words}
        test "$(id -u)" != 0 && {MaySudo} && echo {Root} && exec sudo -n -- sh -c "$@"
        exec sh -c "$@"
        """;

    /// <summary>For the login of the service's own account: as whom and with whose rights it runs is as if the user had logged in.</summary>
    public string OnBehalfOf(string user) => $"exec sudo -n -- sh -c {ShellQuote.Quote(OnBehalf)} sh {ShellQuote.Quote(user)} {Words}";

    /// <summary>For either login, where another script was seen to run as <see cref="Root"/>.</summary>
    public string AsRoot() => $"exec sudo -n -- sh -c {Words}";

    private string Words => $"{ShellQuote.Quote(Text)} sh {ShellQuote.Join(Arguments)}";
}
