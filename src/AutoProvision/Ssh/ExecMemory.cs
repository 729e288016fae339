using Microsoft.Extensions.Options;

namespace AutoProvision.Ssh;

/// <summary>Counts what the commands of all VMs hold in memory, of their input and of output that is not answered yet, and bounds the sum.</summary>
public sealed class ExecMemory(IOptions<SshOptions> options)
{
    private const long MiB = 1024 * 1024;
    private readonly Lock _gate = new();

    /// <summary>How much all of them may hold together.</summary>
    public long Most { get; } = options.Value.MaxBufferedOutputMiB * MiB;

    /// <summary>How much they hold now.</summary>
    public long Held { get; private set; }

    public bool TryTake(int bytes)
    {
        lock (_gate)
        {
            if (Held + bytes > Most)
                return false;
            Held += bytes;
            return true;
        }
    }

    public void GiveBack(long bytes)
    {
        lock (_gate)
            Held -= bytes;
    }

    /// <summary>Counts a command's input, until the result is disposed of.</summary>
    /// <exception cref="Vms.FailureException"><c>exec_memory_exhausted</c>: nothing was run.</exception>
    public IDisposable Hold(ReadOnlyMemory<byte> input) => TryTake(input.Length) ? new Share(this, input.Length) : throw SshFailures.MemoryExhausted(options.Value.MaxBufferedOutputMiB);

    private sealed class Share(ExecMemory memory, int bytes) : IDisposable
    {
        public void Dispose() => memory.GiveBack(bytes);
    }
}
