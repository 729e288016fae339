namespace AutoProvision.Processes;

/// <summary>Runs host tools. A seam: tests give it recorded answers, the fault harness gives it tools that hang or lie.</summary>
public interface IProcessRunner
{
    /// <summary>
    /// Runs a tool to its end. A non-zero exit is an answer, not an exception.
    /// </summary>
    /// <exception cref="Vms.FailureException"><c>tool_missing</c> when the program is not installed, <c>tool_timeout</c> when it outlived its deadline (it is stopped).</exception>
    Task<ProcessResult> RunAsync(ProcessCommand command, CancellationToken cancellation);
}

/// <summary>A program and its argument list; none of it is ever read by a shell.</summary>
public sealed record ProcessCommand(string FileName, params IReadOnlyList<string> Arguments)
{
    /// <summary>Written to the program's standard input, which is then closed.</summary>
    public string? Input { get; init; }

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long a program that is to stop may clean up after SIGTERM, before it is killed with its children; zero kills at once.
    /// Only the program itself is told: it knows in which order its children have to end. One that does not catch the signal is
    /// killed at once, since it would die of it and leave its children.
    /// </summary>
    public TimeSpan Grace { get; init; }

    /// <summary>Added to the service's own environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Told each line of standard output and standard error as it comes.</summary>
    public Action<string>? OnLine { get; init; }

    /// <summary>
    /// A program that runs for as long as this service, and not on where the service is killed. Of what it prints only the end is kept,
    /// and its standard input is empty. It is started by a shell: one that is not installed ends with exit code 127.
    /// </summary>
    public bool IsCompanion { get; init; }

    public override string ToString() => string.Join(' ', [FileName, .. Arguments]);
}

/// <param name="ExitCode">The program's exit code.</param>
/// <param name="Output">Standard output, decoded as UTF-8.</param>
/// <param name="Error">Standard error, decoded as UTF-8.</param>
public sealed record ProcessResult(int ExitCode, string Output, string Error)
{
    public bool Succeeded => ExitCode == 0;

    /// <summary>What a person would want to see of a failed run: stderr, or stdout where stderr is silent; its last 2,000 characters.</summary>
    public string Evidence
    {
        get
        {
            var text = (string.IsNullOrWhiteSpace(Error) ? Output : Error).Trim();
            return text.Length <= 2000 ? text : text[^2000..];
        }
    }
}
