using System.Globalization;
using System.Text;

namespace AutoProvision.Ssh;

/// <summary>
/// Writes a script of <c>sh</c> so that every login shell hands it on as it is: POSIX shells, fish and tcsh read the line alike. In its
/// single quotes there is nothing that one of them would look at: tcsh takes <c>!</c> for its history and wants a backslash before a line
/// break (tcsh(1), "Lexical structure"), fish takes a backslash before a quote or another backslash (fish-language, "Quotes").
/// </summary>
internal static class AnyShell
{
    private const string Evaluate = "eval \"$(printf %b \"$1\")\"";

    /// <summary>The line that runs a script in /bin/sh, in place of the login shell.</summary>
    public static string Run(string script) => $"exec /bin/sh -c '{Evaluate}' sh '{Encode(script)}'";

    /// <summary>The same in bash where there is one, without its start-up file: it can wait without starting a process.</summary>
    public static string RunInBash(string script) =>
        $"""exec /bin/sh -c 'bash=$(command -v bash) && exec "$bash" --norc -c "$2" sh "$1"; eval "$2"' sh '{Encode(script)}' '{Evaluate}'""";

    // For printf's %b: POSIX has three digits after the nought.
    private static string Encode(string script)
    {
        var text = new StringBuilder(script.Length);
        foreach (var c in script)
            if (c is '\'' or '!' or '\\' or < ' ' or '\x7f')
                text.Append(CultureInfo.InvariantCulture, $"\\0{Convert.ToString(c, 8).PadLeft(3, '0')}");
            else
                text.Append(c);
        return text.ToString();
    }
}
