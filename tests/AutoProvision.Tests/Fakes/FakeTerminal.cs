using System.Text;
using System.Threading.Channels;
using AutoProvision.Ssh;

namespace AutoProvision.Fakes;

/// <summary>A shell that shows what is typed; "exit 3" ends it with 3, and a new size is shown as "[120x40]".</summary>
internal sealed class FakeTerminal(string type, TerminalSize size) : ITerminal
{
    private readonly Channel<ReadOnlyMemory<byte>> _shown = Channel.CreateUnbounded<ReadOnlyMemory<byte>>();

    public string Type => type;

    public TerminalSize Size { get; private set; } = size;

    public TerminalEnd? End { get; private set; }

    public bool Closed { get; private set; }

    public IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAllAsync(CancellationToken cancellation) => _shown.Reader.ReadAllAsync(cancellation);

    public Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        if (Encoding.UTF8.GetString(bytes.Span) is ['e', 'x', 'i', 't', ' ', .. var code])
        {
            End = new TerminalEnd(int.Parse(code), null);
            _shown.Writer.TryComplete();
        }
        _shown.Writer.TryWrite(bytes.ToArray());
        return Task.CompletedTask;
    }

    public Task ResizeAsync(TerminalSize size, CancellationToken cancellation)
    {
        Size = size;
        _shown.Writer.TryWrite(Encoding.UTF8.GetBytes($"[{size.Columns}x{size.Rows}]"));
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        Closed = true;
        _shown.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }
}
