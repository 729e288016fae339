namespace AutoProvision.Ssh;

/// <summary>A terminal that takes its connection with it.</summary>
internal sealed class SessionTerminal(ISshSession session, ITerminal terminal) : ITerminal
{
    public TerminalEnd? End => terminal.End;

    public IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAllAsync(CancellationToken cancellation) => terminal.ReadAllAsync(cancellation);

    public Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation) => terminal.WriteAsync(bytes, cancellation);

    public Task ResizeAsync(TerminalSize size, CancellationToken cancellation) => terminal.ResizeAsync(size, cancellation);

    public async ValueTask DisposeAsync()
    {
        try
        {
            await terminal.DisposeAsync();
        }
        finally
        {
            await session.DisposeAsync();
        }
    }
}
