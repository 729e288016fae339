using System.Net.Sockets;
using System.Threading.Channels;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace AutoProvision.Ssh;

/// <summary>SSH.NET's shell, whose reads and writes block, behind two threads of its own.</summary>
internal sealed class ShellTerminal : ITerminal
{
    private const int Pieces = 16;
    private const int BufferSize = 16 * 1024;
    private readonly Channel<ReadOnlyMemory<byte>> _output = Channel.CreateBounded<ReadOnlyMemory<byte>>(Pieces);
    private readonly Channel<Action> _input = Channel.CreateBounded<Action>(Pieces);
    private readonly CancellationTokenSource _stop = new();
    private readonly ShellExit _exit;
    private readonly ShellStream _shell;
    private readonly FlowGate _gate;
    private readonly Task _threads;

    public ShellTerminal(SshClient client, FlowGate gate, string type, TerminalSize size)
    {
        _gate = gate;
        _exit = ShellExit.Of(client);
        _shell = client.CreateShellStream(type, (uint)size.Columns, (uint)size.Rows, 0, 0, BufferSize);
        gate.Watch(() => _shell.Length);
        _threads = Task.WhenAll(DedicatedThread.RunAsync(ReadShell), DedicatedThread.RunAsync(WriteShell));
    }

    public TerminalEnd? End => _exit.End;

    public IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAllAsync(CancellationToken cancellation) => _output.Reader.ReadAllAsync(cancellation);

    public Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        var copy = bytes.ToArray();
        return PutAsync(() =>
        {
            _shell.Write(copy, 0, copy.Length);
            _shell.Flush();
        }, cancellation);
    }

    public Task ResizeAsync(TerminalSize size, CancellationToken cancellation) =>
        PutAsync(() => _shell.ChangeWindowSize((uint)size.Columns, (uint)size.Rows, 0, 0), cancellation);

    /// <summary>The guest hangs up on the shell when its terminal goes.</summary>
    public async ValueTask DisposeAsync()
    {
        _gate.Open();
        await _stop.CancelAsync();
        _input.Writer.TryComplete();
        await DedicatedThread.RunAsync(_shell.Dispose);
        // One that waits for the guest to take what was typed is freed when the connection is closed.
        await _threads.WaitAsync(TimeSpan.FromSeconds(1)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task PutAsync(Action action, CancellationToken cancellation)
    {
        if (await _input.Writer.WaitToWriteAsync(cancellation))
            _input.Writer.TryWrite(action);
    }

    private void ReadShell()
    {
        var buffer = new byte[BufferSize];
        try
        {
            while (_shell.Read(buffer, 0, buffer.Length) is > 0 and var count)
            {
                _gate.Drained();
                _output.Writer.WriteAsync(buffer.AsSpan(0, count).ToArray(), _stop.Token).AsTask().GetAwaiter().GetResult();
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SshException)
        {
            // Nobody reads any more, or there is nothing left to read from.
        }
        finally
        {
            _output.Writer.TryComplete();
            _input.Writer.TryComplete();
        }
    }

    private void WriteShell()
    {
        try
        {
            while (_input.Reader.WaitToReadAsync(_stop.Token).AsTask().GetAwaiter().GetResult())
                while (_input.Reader.TryRead(out var action))
                    action();
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SshException or SocketException or InvalidOperationException)
        {
            _input.Writer.TryComplete();
        }
    }
}
