using System.Text;
using System.Text.RegularExpressions;

namespace AutoProvision.CloudInit;

/// <summary>
/// Takes cloud-init's error strings apart. A failed module is <c>str((name, exception))</c> (<c>run_section</c> in
/// cloudinit/config/modules.py, <c>status_wrapper</c> in cloudinit/cmd/main.py; 22.4 to 26.2), a failed stage <c>str(exception)</c>,
/// a recoverable error the text of a log record.
/// </summary>
internal static partial class CloudInitMessage
{
    public static CloudInitError Parse(string text, string stage)
    {
        var failure = ModuleFailure().Match(text);
        if (failure.Success)
            return new CloudInitError(failure.Groups["module"].Value, ExceptionText(failure.Groups["exception"].Value));
        var named = ModuleInLog().Match(text);
        return new CloudInitError(named.Success ? named.Groups["module"].Value : stage, text);
    }

    // RuntimeError('a sentence') reads better as the sentence; KeyError('name') says nothing without its type.
    private static string ExceptionText(string repr)
    {
        var match = OneStringException().Match(repr);
        if (!match.Success)
            return repr;
        var message = Unescape(match.Groups["text"].Value);
        return message.Contains(' ') ? CommandText(message) : repr;
    }

    // A command that failed (ProcessExecutionError in cloudinit/subp.py, six lines) in one, and what it printed where cloud-init kept that.
    private static string CommandText(string message)
    {
        var match = FailedCommand().Match(message);
        if (!match.Success)
            return message;
        var words = Words().Matches(match.Groups["command"].Value).Select(word => Unescape(word.Groups["text"].Value));
        string[] printed = [match.Groups["reason"].Value, match.Groups["stdout"].Value, match.Groups["stderr"].Value];
        return string.Join('\n', printed.Where(text => text is not ("-" or "")).Prepend($"{string.Join(' ', words)}: exit code {match.Groups["code"].Value}"));
    }

    private static string Unescape(string literal) => Escape().Replace(literal, match =>
    {
        var escape = match.Groups[1].Value;
        return escape[0] switch
        {
            'n' => "\n",
            'r' => "\r",
            't' => "\t",
            'x' or 'u' or 'U' => CodePoint(escape),
            _ => escape,
        };
    });

    private static string CodePoint(string escape)
    {
        var code = Convert.ToInt32(escape[1..], 16);
        return Rune.IsValid(code) ? new Rune(code).ToString() : "\uFFFD";
    }

    [GeneratedRegex(@"\A\('(?<module>[^']+)', (?<exception>.*)\)\z", RegexOptions.Singleline)]
    private static partial Regex ModuleFailure();

    [GeneratedRegex(@"\A[\w.]+\((?<quote>['""])(?<text>(?:\\.|(?!\k<quote>)[^\\])*)\k<quote>,?\)\z", RegexOptions.Singleline)]
    private static partial Regex OneStringException();

    [GeneratedRegex(@"\AUnexpected error while running command\.\nCommand: \[(?<command>[^\n]*)\]\nExit code: (?<code>[^\n]*)\nReason: (?<reason>[^\n]*)\nStdout: (?<stdout>.*?)\nStderr: (?<stderr>.*)\z", RegexOptions.Singleline)]
    private static partial Regex FailedCommand();

    // Up to the end where a quote is not closed: every quote's search to the end and back would be quadratic.
    [GeneratedRegex(@"(?<quote>['""])(?<text>(?:\\.?|(?!\k<quote>)[^\\])*)(?:\k<quote>|\z)", RegexOptions.Singleline)]
    private static partial Regex Words();

    [GeneratedRegex(@"\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|.)", RegexOptions.Singleline)]
    private static partial Regex Escape();

    // "Running module scripts-user (<module ...>) failed", "Failed to run module scripts-user (scripts in ...)".
    [GeneratedRegex(@"\A(?:Running|Failed to run) module (?<module>\S+) \(")]
    private static partial Regex ModuleInLog();
}
