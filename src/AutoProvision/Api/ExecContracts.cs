using AutoProvision.Ssh;
using AutoProvision.Vms;

namespace AutoProvision.Api;

/// <summary>Body of <c>POST /vms/{id}/exec</c>: either an argument list or a line for the user's shell.</summary>
public sealed class ExecBody
{
    /// <summary>Program and arguments, taken as they are.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>A line for the user's login shell.</summary>
    public string? Shell { get; init; }

    /// <summary>When to end the command, in seconds; left out, the service's own limit (600 unless set otherwise).</summary>
    public int? TimeoutSeconds { get; init; }

    /// <exception cref="InvalidRequestException"/>
    public ExecRequest ToRequest(IReadOnlyList<Fault> shape)
    {
        var faults = new FaultList(shape);
        var misread = shape.Any(fault => fault.Pointer is "" or "/command" or "/shell");
        if (!misread && (Command is null) == (Shell is null))
            faults.Add(Command is null ? "/command" : "/shell", "required", "Exactly one of command and shell is wanted.", "{\"shell\": \"uname -a\"} or {\"command\": [\"uname\", \"-a\"]}");
        if (Command is [] || Command is ["", ..])
            faults.Add("/command", "required", "The argument list names no program.", "{\"command\": [\"uname\", \"-a\"]}");
        if ((Command ?? [Shell ?? ""]).Any(text => text.Contains('\0')))
            faults.Add(Command is null ? "/shell" : "/command", "command_invalid", "A command cannot hold a NUL character.", "Leave it out.");
        if (TimeoutSeconds is < 1 or > 86400)
            faults.Add("/timeoutSeconds", "out_of_range", $"{TimeoutSeconds} s is out of range.", "From 1 to 86400.");
        faults.ThrowIfAny();
        return new ExecRequest(Shell ?? ShellQuote.Join(Command!)) { Timeout = TimeoutSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null };
    }
}

/// <summary>How a command ended.</summary>
/// <param name="ExitCode">Null when a signal or the timeout ended it.</param>
/// <param name="Signal">Name of the signal that ended it, such as KILL.</param>
/// <param name="Stdout">Standard output as UTF-8.</param>
/// <param name="Stderr">Standard error as UTF-8.</param>
/// <param name="DurationMs">Milliseconds from sending the command to its end.</param>
/// <param name="TimedOut">Whether the timeout ended it.</param>
/// <param name="Truncated">Whether a stream was longer than 1 MiB and was cut there.</param>
public sealed record ExecAnswer(int? ExitCode, string? Signal, string Stdout, string Stderr, long DurationMs, bool TimedOut, bool Truncated)
{
    public static ExecAnswer From(ExecResult result) => new(
        result.ExitCode, result.Signal, result.Stdout, result.Stderr, (long)result.Duration.TotalMilliseconds, result.TimedOut, result.Truncated);
}
