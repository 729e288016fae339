using System.Text;

namespace AutoProvision.Ssh;

/// <summary>Writes the text that a login shell is given for a command: where, with what and as whom it runs.</summary>
internal static class ExecScript
{
    /// <summary>The longest single argument of a process under Linux (MAX_ARG_STRLEN, execve(2)), its end included; sshd gives the shell the whole text as one.</summary>
    public const int LongestArgument = 128 * 1024;

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

    /// <summary>Bytes of the longest argument that the text takes on its way.</summary>
    public static int Length(ExecRequest request) => Encoding.UTF8.GetByteCount(Build(request, new string('x', 64))) + 1;

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
