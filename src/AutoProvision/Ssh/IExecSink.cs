namespace AutoProvision.Ssh;

/// <summary>
/// Takes a command's output as it comes, each stream from a thread of its own. Taking may block: on a connection of its own
/// (<see cref="ISshSession"/>) that slows the command.
/// </summary>
public interface IExecSink
{
    /// <summary>The command runs; comes once, before all output. The id of its process in the guest, null where its shell did not tell it.</summary>
    void Started(int? processId);

    void Stdout(ReadOnlySpan<byte> chunk);

    void Stderr(ReadOnlySpan<byte> chunk);

    /// <summary>The command is being ended: from here on nothing may block, and what finds no room is dropped.</summary>
    void Hurry();
}

/// <summary>Keeps the output for an answer in one piece.</summary>
/// <param name="request">Says how much of each stream to keep.</param>
/// <param name="memory">What all commands may hold; null for a command of the service's own, whose output is small.</param>
internal sealed class ExecCollector(ExecRequest request, ExecMemory? memory = null) : IExecSink, IDisposable
{
    private readonly CappedOutput _stdout = new(request.MaxOutputBytes ?? int.MaxValue, memory);
    private readonly CappedOutput _stderr = new(request.MaxOutputBytes ?? int.MaxValue, memory);

    public void Started(int? processId)
    {
    }

    public void Stdout(ReadOnlySpan<byte> chunk) => _stdout.Append(chunk);

    public void Stderr(ReadOnlySpan<byte> chunk) => _stderr.Append(chunk);

    public void Hurry()
    {
    }

    public ExecResult Result(ExecEnd end) => new(
        end.ExitCode, end.Signal, _stdout.Text, _stderr.Text, end.Duration, end.TimedOut, _stdout.Truncated || _stderr.Truncated)
    {
        StdoutBytes = _stdout.Bytes,
        StderrBytes = _stderr.Bytes,
        MayStillRun = end.MayStillRun,
    };

    /// <summary>The same without a copy; to be disposed of in place of this.</summary>
    public ExecCapture Output(ExecEnd end) => new(end, _stdout, _stderr);

    public void Dispose()
    {
        _stdout.Dispose();
        _stderr.Dispose();
    }
}
