using AutoProvision.Processes;

namespace AutoProvision.Images;

/// <summary>Answers for qemu-img as it would for a qcow2 file, or as told; other programs really run.</summary>
internal sealed class FakeQemuImg : IProcessRunner
{
    public const string Plain = """{"virtual-size": 2147483648, "filename": "x", "format": "qcow2", "actual-size": 1, "dirty-flag": false}""";
    private readonly ProcessRunner _real = new(TimeProvider.System);
    private int _looks;

    public ProcessResult Answer { get; set; } = new(0, Plain, "");

    public int Looks => _looks;

    public Task<ProcessResult> RunAsync(ProcessCommand command, CancellationToken cancellation)
    {
        if (command.FileName != "qemu-img")
            return _real.RunAsync(command, cancellation);
        Interlocked.Increment(ref _looks);
        return Task.FromResult(File.Exists(command.Arguments[^1]) ? Answer : new(1, "", $"Could not open '{command.Arguments[^1]}'"));
    }
}
