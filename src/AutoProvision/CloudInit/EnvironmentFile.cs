using System.Text;
using System.Text.RegularExpressions;

namespace AutoProvision.CloudInit;

/// <summary>
/// Lines of /etc/environment, which pam_env gives to every session: exec, login shells and cron alike. They mean the same to
/// both parsers there are, or they are refused: Linux-PAM's own (Debian; _parse_env_file in modules/pam_env/pam_env.c, 1.5.2
/// to 1.7.2) and libeconf's before it (Fedora; read_file in lib/getfilecontents.c, 0.8). Neither expands or unescapes anything.
/// </summary>
public static partial class EnvironmentFile
{
    // Linux-PAM stops reading at a line of 8,192 bytes (BUF_SIZE).
    private const int MaxBytes = 8000;

    // sshd and login set these themselves; another value here breaks the session rather than changing it.
    private static readonly HashSet<string> Sessions = ["HOME", "USER", "LOGNAME", "SHELL"];

    /// <summary>Gives the name back, if a variable may have it.</summary>
    /// <exception cref="ArgumentException">It has other characters than letters, digits and "_", or is one that each session sets by itself.</exception>
    public static string Name(string name)
    {
        if (!NamePattern().IsMatch(name))
            throw CloudInitRules.Bad("Variable", name, "is no name of letters, digits and \"_\" that does not begin with a digit");
        return Sessions.Contains(name) ? throw CloudInitRules.Bad("Variable", name, "is set by each session itself") : name;
    }

    /// <summary>Gives the value back, if the file can carry it.</summary>
    /// <exception cref="ArgumentException">It has a line break, another control character or "#", begins with a quote, or is too long.</exception>
    public static string Value(string value)
    {
        const string What = "Value";
        CloudInitRules.Encodable(value, What);
        if (value.Any(c => char.IsControl(c) && c != '\t'))
            throw CloudInitRules.Bad(What, value, "contains a line break or control character, which /etc/environment cannot hold");
        // pam_env ends a value at the first "#", quoted or not.
        if (value.Contains('#'))
            throw CloudInitRules.Bad(What, value, "contains \"#\", which begins a comment in /etc/environment, quoted or not");
        // libeconf takes our quotes away, then pam_env the value's own.
        if (value.StartsWith('"') || value.StartsWith('\''))
            throw CloudInitRules.Bad(What, value, "begins with a quote, which /etc/environment does not keep everywhere");
        return Encoding.UTF8.GetByteCount(value) > MaxBytes ? throw CloudInitRules.Bad(What, value, $"is longer than {MaxBytes} bytes") : value;
    }

    /// <summary>One line per variable. Both parsers take the outer quotes away and keep everything between them, quotes too.</summary>
    public static string Lines(IEnumerable<KeyValuePair<string, string>> variables) =>
        string.Concat(variables.OrderBy(it => it.Key, StringComparer.Ordinal).Select(it => $"{Name(it.Key)}=\"{Value(it.Value)}\"\n"));

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]{0,127}\z")]
    private static partial Regex NamePattern();
}
