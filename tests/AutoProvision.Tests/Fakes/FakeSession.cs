using AutoProvision.Ssh;

namespace AutoProvision.Fakes;

/// <summary>A connection of its own to a fake guest: runs what a test put into <see cref="FakeGuests.Streams"/>, or answers as a shared one does.</summary>
internal sealed class FakeSession(FakeGuests guests, SshTarget target) : ISshSession
{
    private readonly List<FakeTerminal> _terminals = [];
    private bool _closed;

    public async Task<ExecEnd> ExecAsync(ExecRequest request, IExecSink sink, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        return await guests.RunAsync(target, request, sink, cancellation);
    }

    public Task<ITerminal> OpenTerminalAsync(string type, TerminalSize size, CancellationToken cancellation)
    {
        var terminal = new FakeTerminal(type, size);
        _terminals.Add(terminal);
        if (guests.Remembers)
            guests.Terminals.Enqueue(terminal);
        return Task.FromResult<ITerminal>(terminal);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_closed)
            guests.Closed();
        _closed = true;
        foreach (var terminal in _terminals)
            await terminal.DisposeAsync();
    }
}
