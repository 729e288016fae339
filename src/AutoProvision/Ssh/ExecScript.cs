namespace AutoProvision.Ssh;

/// <summary>Writes the text that a login shell is given for a command: where, with what and as whom it runs.</summary>
internal static class ExecScript
{
    /// <summary>
    /// How many bytes the text may have as it is sent. SSH.NET sends it in one packet, of 68,536 bytes at most with its head and padding
    /// (Session.MaximumSshPacketSize), and throws for more; Linux's own limit for one argument is twice as much.
    /// </summary>
    public const int LongestText = 64 * 1024;

    /// <summary>So much of command and variables always fits where quoting adds nothing to it.</summary>
    public const int PromisedText = 48 * 1024;

    /// <summary>The exit code of a shell that could not go to the wanted directory, as env(1) has it for its own faults.</summary>
    public const int NoDirectory = 125;

    /// <summary>
    /// The command after its preparation. Between the two the shell tells on stderr the id of the process group's leader, with
    /// a token before it: so whoever saw the token knows that user and directory were as wanted.
    /// </summary>
    public static string Build(ExecRequest request, string token) => request.User is { } user
        // exec: sudo itself is what the group's leader becomes, and $$ outlives it as the first argument.
        ? $"exec sudo -n -u {ShellQuote.Quote(user)} -H -- sh -c {ShellQuote.Quote(Script(request, token, "$1", "; shift"))} sh $$"
        : Script(request, token, "$$", "");

    /// <summary>The same for a login shell of any kind, which runs the command itself in the end.</summary>
    /// <param name="request">The command.</param>
    /// <param name="token">Comes before the id.</param>
    /// <param name="shell">The login shell.</param>
    public static SentText Build(ExecRequest request, string token, LoginShell shell) =>
        request.IsOwn ? SentText.OfScript(Own(request, token), request.MayBeBash)
        : shell.IsOther ? SentText.OfScript(ForOther(request, token))
        : SentText.Of(Build(request, token));

    /// <summary>Bytes of the text as it is sent to a POSIX shell. For another it grows; what is too long then is refused once the shell is known, before it is sent.</summary>
    public static int Length(ExecRequest request) => SentText.Of(Build(request, new ProcessMarker().Token)).Length;

    /// <summary>The same for whatever the login shell turns out to be.</summary>
    public static int MostLength(ExecRequest request) => Math.Max(Length(request), SentText.OfScript(ForOther(request, new ProcessMarker().Token)).Length);

    // On both streams, for start-up files may print to either.
    private static string Own(ExecRequest request, string token) => $"echo \"{token}$$\"; {Script(request, token, "$$ $SHELL", "")}";

    // The shell's name is kept before a variable of this name may be set.
    private static string ForOther(ExecRequest request, string token) => request is { User: null, IsList: false }
        ? "set -- \"$SHELL\"\n" + Script(request with { Command = $"exec \"$1\" -c {ShellQuote.Quote(request.Command)}" }, token, "$$", "")
        : Build(request, token);

    private static string Script(ExecRequest request, string token, string leader, string then)
    {
        // Without input the shell closes it itself: SSH.NET sends an end of file only after data.
        var input = request.Stdin.IsEmpty ? "; exec </dev/null" : "";
        return $"{Directory(request)}{Export(request.Environment)}echo \"{token}{leader}\" >&2{then}{input}\n{request.Command}";
    }

    private static string Directory(ExecRequest request) => request switch
    {
        { Directory: { } path } => $"cd {ShellQuote.Quote(path)} || exit {NoDirectory}\n",
        // sudo stays where the other user was, who may not be let in there.
        { User: not null } => "cd 2>/dev/null || cd /\n",
        _ => "",
    };

    private static string Export(IReadOnlyDictionary<string, string> variables) => variables.Count == 0 ? ""
        : $"export {string.Join(' ', variables.Select(variable => $"{variable.Key}={ShellQuote.Quote(variable.Value)}"))}\n";
}
