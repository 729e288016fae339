using System.Text;
using Renci.SshNet;

namespace AutoProvision.Ssh;

/// <summary>A program on a channel of its own.</summary>
internal sealed class SshProgram : ISshChannel
{
    private const int MostError = 4096;
    private readonly SshCommand _command;
    private readonly CancellationTokenRegistration _lost;
    private readonly Action _closed;
    private int _disposed;

    private SshProgram(SshCommand command, Stream input, Action closed, CancellationToken lost)
    {
        (_command, Input, _closed) = (command, input, closed);
        // SSH.NET does not tell a command that its connection was given up: whoever reads is woken here.
        _lost = lost.Register(_command.OutputStream.Dispose);
    }

    public Stream Output => _command.OutputStream;

    public Stream Input { get; }

    /// <summary>Opens the channel; blocks.</summary>
    /// <param name="client">The connection.</param>
    /// <param name="command">What is run.</param>
    /// <param name="closed">Told once when the channel is disposed of.</param>
    /// <param name="lost">The connection was given up.</param>
    public static SshProgram Start(SshClient client, SentText command, Action closed, CancellationToken lost)
    {
        var started = client.ToCommand(command);
        try
        {
            // Its end shows in its streams, its failure in the connection.
            started.ExecuteAsync(CancellationToken.None);
            return new SshProgram(started, OpenInput(started), closed, lost);
        }
        catch
        {
            started.Dispose();
            throw;
        }
    }

    private static Stream OpenInput(SshCommand started)
    {
        try
        {
            return started.CreateInputStream();
        }
        catch (InvalidOperationException)
        {
            // It has ended already, for there is no such program: its output says so, its complaint why.
            return Stream.Null;
        }
    }

    public string ReadError()
    {
        var errors = _command.ExtendedOutputStream;
        // What is there, without waiting for more.
        var bytes = new byte[Math.Min(errors.Length, MostError)];
        return bytes.Length == 0 ? "" : Encoding.UTF8.GetString(bytes, 0, errors.Read(bytes, 0, bytes.Length)).Trim();
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        try
        {
            await _lost.DisposeAsync();
            // Closing waits for the guest to answer.
            await DedicatedThread.RunAsync(_command.Dispose);
        }
        finally
        {
            _closed();
        }
    }
}
