namespace AutoProvision.Ssh;

/// <summary>A command that has ended, with its output; counts as held in <see cref="ExecMemory"/> until it is disposed of.</summary>
/// <param name="End">How it ended.</param>
/// <param name="Stdout">Standard output.</param>
/// <param name="Stderr">Standard error.</param>
public sealed record ExecCapture(ExecEnd End, CappedOutput Stdout, CappedOutput Stderr) : IDisposable
{
    public bool Truncated => Stdout.Truncated || Stderr.Truncated;

    public bool IsOutOfMemory => Stdout.IsOutOfMemory || Stderr.IsOutOfMemory;

    public void Dispose()
    {
        Stdout.Dispose();
        Stderr.Dispose();
    }
}
