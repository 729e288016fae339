using System.Text;
using System.Text.RegularExpressions;
using AutoProvision.Ssh;
using AutoProvision.Vms;

namespace AutoProvision.Api;

/// <summary>What a request to run a command must look like; every fault of it is told.</summary>
internal sealed partial class ExecRules(ExecBody body, IReadOnlyList<Fault> shape, long mostOutput)
{
    // Or what there is for all commands, where that is less.
    private const int LargestOutput = 64 * 1024 * 1024;

    // Bash does not let anybody set these.
    private static readonly string[] ReadOnly = ["BASHOPTS", "BASH_VERSINFO", "EUID", "PPID", "SHELLOPTS", "UID"];
    private readonly FaultList _faults = new(shape);

    /// <exception cref="InvalidRequestException"/>
    public ExecRequest ToRequest(bool isStream)
    {
        CheckCommand();
        foreach (var (name, value) in _faults.Within("/env", body.Env, ListLimits.Variables))
            CheckVariable(name, value);
        CheckPlace();
        var stdin = ReadStdin();
        if (body.TimeoutSeconds is < 1 or > 86400)
            _faults.Add("/timeoutSeconds", "out_of_range", $"{body.TimeoutSeconds} s is out of range.", "From 1 to 86400.");
        if (body.MaxOutputBytes is < 0 || (!isStream && body.MaxOutputBytes > MostOutput))
            _faults.Add("/maxOutputBytes", "out_of_range", $"{body.MaxOutputBytes} bytes is out of range.", $"From 0 to {MostOutput}; Ssh:MaxBufferedOutputMiB bounds it too. A live stream has no upper limit.");
        _faults.ThrowIfAny();
        var request = Request(stdin, isStream);
        if (ExecScript.Length(request) is > ExecScript.LongestText and var length)
            _faults.Add(Pointer, "command_too_long", $"With its variables and all quoting the command takes {length} bytes.", $"At most {ExecScript.LongestText}; {ExecScript.PromisedText} always fit where nothing has to be quoted. Give large data as stdin, or write it to a file first.");
        _faults.ThrowIfAny();
        return request;
    }

    private long MostOutput => Math.Min(LargestOutput, mostOutput);

    private string Pointer => body.Command is null ? "/shell" : "/command";

    private ExecRequest Request(byte[] stdin, bool isStream)
    {
        var request = new ExecRequest(body.Shell ?? ShellQuote.Join(body.Command!))
        {
            Directory = body.Cwd,
            User = body.User,
            IsList = body.Shell is null,
            Stdin = stdin,
            Timeout = body.TimeoutSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        };
        if (body.Env is not null)
            request = request with { Environment = body.Env };
        return isStream ? request with { MaxOutputBytes = body.MaxOutputBytes is 0 ? null : body.MaxOutputBytes }
            : body.MaxOutputBytes is { } most ? request with { MaxOutputBytes = most } : request;
    }

    private void CheckCommand()
    {
        var misread = shape.Any(fault => fault.Pointer is "" or "/command" or "/shell");
        if (!misread && (body.Command is null) == (body.Shell is null))
            _faults.Add(body.Command is null ? "/command" : "/shell", "required", "Exactly one of command and shell is wanted.", "{\"shell\": \"uname -a\"} or {\"command\": [\"uname\", \"-a\"]}");
        if (body.Command is [] || (body.Command is ["", ..] && !_faults.Has("/command/0")))
            _faults.Add("/command", "required", "The argument list names no program.", "{\"command\": [\"uname\", \"-a\"]}");
        if ((body.Command ?? [body.Shell ?? ""]).Any(text => text.Contains('\0')))
            _faults.Add(Pointer, "command_invalid", "A command cannot hold a NUL character.", "Leave it out.");
    }

    private void CheckVariable(string name, string? value)
    {
        var pointer = $"/env/{name.Replace("~", "~0").Replace("/", "~1")}";
        if (!VariableName().IsMatch(name) || ReadOnly.Contains(name))
            _faults.Add(pointer, "env_name_invalid", $"\"{name}\" is no variable that can be set.", "A-Z, a-z, 0-9 and \"_\", not beginning with a digit; none of the shell's own read-only ones.");
        if (value is null || value.Contains('\0'))
            _faults.Add(pointer, "env_value_invalid", "A variable's value is a text without NUL characters.", "It may be empty.");
    }

    private void CheckPlace()
    {
        if (body.Cwd is { } path && (!path.StartsWith('/') || path.Contains('\0')))
            _faults.Add("/cwd", "path_invalid", "The directory has to be an absolute path without NUL characters.", "Such as \"/srv\".");
        if (body.User is { } user && !UserName().IsMatch(user))
            _faults.Add("/user", "user_invalid", $"\"{user}\" is no user name.", "Such as \"root\" or \"www-data\".");
    }

    private byte[] ReadStdin()
    {
        if (body is { Stdin: not null, StdinBase64: not null })
            _faults.Add("/stdinBase64", "field_conflict", "There is one input, not two.", "Send stdin or stdinBase64.");
        try
        {
            return body.StdinBase64 is { } bytes ? Convert.FromBase64String(bytes) : Encoding.UTF8.GetBytes(body.Stdin ?? "");
        }
        catch (FormatException)
        {
            _faults.Add("/stdinBase64", "base64_invalid", "The input is not base64.", "RFC 4648, section 4, with padding.");
            return [];
        }
    }

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]*\z")]
    private static partial Regex VariableName();

    // As useradd takes them, upper case too; never an option and never "#0", which sudo would take for a number.
    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_.-]{0,30}\$?\z")]
    private static partial Regex UserName();
}
