using System.Text.RegularExpressions;

namespace AutoProvision.Ssh;

/// <summary>Turns an argument list into a command line that a POSIX shell reads back as exactly that list.</summary>
public static partial class ShellQuote
{
    /// <exception cref="ArgumentException">An argument holds a NUL character, which no process can be given.</exception>
    public static string Join(IEnumerable<string> arguments) => string.Join(' ', arguments.Select(Quote));

    /// <inheritdoc cref="Join"/>
    public static string Quote(string argument)
    {
        if (argument.Contains('\0'))
            throw new ArgumentException("An argument cannot hold a NUL character.", nameof(argument));
        return Plain().IsMatch(argument) ? argument : "'" + argument.Replace("'", @"'\''", StringComparison.Ordinal) + "'";
    }

    // No '=' and no '~': at a word's start they mean something to a shell. No reserved word of POSIX, bash or ksh: a program may have
    // its name (time). \z, for $ would let a newline through.
    [GeneratedRegex(@"\A(?!(?:case|coproc|do|done|elif|else|esac|fi|for|function|if|in|namespace|select|then|time|until|while)\z)[A-Za-z0-9_@%+:,./-]+\z")]
    private static partial Regex Plain();
}
