namespace AutoProvision.Processes;

/// <summary>
/// Has a program end with this service, however that ends. A guard waits beside it on the standard input, of which this service holds
/// the other end: the kernel closes that when the service is killed. The program itself takes the shell's place, so that it is our
/// child and the guard its own. (PR_SET_PDEATHSIG would do without a guard, but goes by the thread that started the program, and
/// .NET's come and go.)
/// </summary>
internal static class Companion
{
    /// <summary>Of a companion's output, in characters.</summary>
    public const int MostKept = 16 * 1024;

    /// <summary>Sends the guard away where the program has ended by itself: its number may be another's by then.</summary>
    public const string Farewell = "\n";

    // The same for every program, whose name and arguments are the shell's own: nothing is put into it.
    private const string Script = "exec 3<&0 </dev/null; (read -r _ <&3 || kill -KILL $$) >/dev/null 2>&1 & exec 3<&-; exec \"$@\"";

    public static (string Program, IReadOnlyList<string> Arguments) Wrap(ProcessCommand command) =>
        ("/bin/sh", ["-c", Script, "sh", command.FileName, .. command.Arguments]);
}
