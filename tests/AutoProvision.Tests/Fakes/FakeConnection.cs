using AutoProvision.Ssh;

namespace AutoProvision.Fakes;

internal sealed class FakeConnection(FakeGuests guests, SshTarget target) : ISshConnection
{
    private bool _closed;

    public bool IsAlive => !_closed && guests.IsUp(target.Host);

    public Task<ExecResult> ExecAsync(ExecRequest request, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        return IsAlive
            ? guests.RunAsync(target, request, cancellation)
            : throw SshFailures.ConnectionLost(target, new IOException("The connection was closed."));
    }

    public Task<ISshChannel> OpenAsync(string command, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        if (!IsAlive)
            throw SshFailures.ConnectionLost(target, new IOException("The connection was closed."));
        return Task.FromResult<ISshChannel>(new FakeSftpChannel(guests.Files));
    }

    public ValueTask DisposeAsync()
    {
        if (!_closed)
            guests.Closed();
        _closed = true;
        return ValueTask.CompletedTask;
    }
}
