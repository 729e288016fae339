using System.Collections.Concurrent;
using AutoProvision.Ssh;

namespace AutoProvision.Fakes;

internal sealed class FakeConnection(FakeGuests guests, SshTarget target) : ISshConnection
{
    private readonly ConcurrentQueue<FakeSftpChannel> _channels = new();
    private bool _closed;

    public bool IsAlive => !_closed && guests.IsUp(target.Host);

    public Task<ExecEnd> ExecAsync(ExecRequest request, IExecSink sink, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        return IsAlive
            ? guests.RunAsync(target, request, sink, cancellation)
            : throw SshFailures.ConnectionLost(target, new IOException("The connection was closed."));
    }

    public Task<ISshChannel> OpenAsync(string command, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        if (!IsAlive)
            throw SshFailures.ConnectionLost(target, new IOException("The connection was closed."));
        if (guests.Remembers)
            guests.Programs.Enqueue((target.User, command));
        // Its own tar and rm it has only where a test says what they write.
        if (!command.Contains("sftp-server", StringComparison.Ordinal))
            return Task.FromResult<ISshChannel>(new FakeGuestProgram(guests.Files.ProgramOutput?.Invoke(command) ?? []));
        var channel = new FakeSftpChannel(guests.Files);
        _channels.Enqueue(channel);
        return Task.FromResult<ISshChannel>(channel);
    }

    public ValueTask DisposeAsync()
    {
        if (!_closed)
            guests.Closed();
        _closed = true;
        foreach (var channel in _channels)
            channel.Break();
        return ValueTask.CompletedTask;
    }
}
