using Renci.SshNet;

namespace AutoProvision.Ssh;

/// <summary>Reads a remote command's two streams into a sink, the marker aside, and tells whether the command ever began.</summary>
internal sealed class RemoteOutput(SshCommand command, ExecRequest request, IExecSink sink, ProcessMarker marker, FlowGate? gate)
{
    private const int ChunkSize = 32 * 1024;
    // An own command's on stdout: what comes before it is the start-up files'.
    private readonly ProcessMarker? _stdoutMarker = request.IsOwn ? new ProcessMarker(dropsNoise: true) { Token = marker.Token } : null;
    private readonly TaskCompletionSource<bool> _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _received;
    private int _handing;

    public int? ProcessId => marker.ProcessId;

    /// <summary>How much came of both streams until now.</summary>
    public long Received => Interlocked.Read(ref _received);

    /// <summary>Whether something of it waits for the reader.</summary>
    public bool IsReaderLate => Volatile.Read(ref _handing) > 0 || command.OutputStream.Length + command.ExtendedOutputStream.Length > 0;

    /// <summary>Returns at the end of both streams.</summary>
    public Task ReadAsync() => Task.WhenAll(DedicatedThread.RunAsync(ReadStdout), DedicatedThread.RunAsync(ReadStderr));

    /// <summary>From now on nothing waits for the reader.</summary>
    public void Hurry()
    {
        gate?.Open();
        sink.Hurry();
    }

    /// <exception cref="Vms.FailureException">The shell ended before the command's turn came.</exception>
    public void ThrowIfRefused(int? exitCode)
    {
        if (_begun.Task.Result)
            return;
        if (request.IsOwn)
            throw SshFailures.ShellRefused(exitCode, $"{_stdoutMarker!.Held}{marker.Held}");
        throw exitCode == ExecScript.NoDirectory && request.Directory is not null
            ? SshFailures.NoDirectory(request.Directory, marker.Held)
            : SshFailures.UserRefused(request.User, marker.Held);
    }

    private void ReadStdout()
    {
        if (_stdoutMarker is { } own)
            Drain(command.OutputStream, chunk => own.Filter(chunk, PassStdout));
        else
            Drain(command.OutputStream, PassStdout);
    }

    // Its start comes first, whichever stream is faster.
    private void PassStdout(ReadOnlySpan<byte> chunk)
    {
        if (_begun.Task.GetAwaiter().GetResult() && !chunk.IsEmpty)
            sink.Stdout(chunk);
    }

    private void ReadStderr()
    {
        Drain(command.ExtendedOutputStream, chunk => marker.Filter(chunk, Pass));
        if (marker.ProcessId is null && request is not { User: null, Directory: null, IsOwn: false })
            _begun.TrySetResult(false);
        else
            marker.Flush(Pass);
    }

    private void Pass(ReadOnlySpan<byte> chunk)
    {
        Begin();
        if (_begun.Task.Result && !chunk.IsEmpty)
            sink.Stderr(chunk);
    }

    private void Begin()
    {
        if (_begun.Task.IsCompleted)
            return;
        sink.Started(marker.ProcessId);
        // Not before: until the marker was seen on one stream, the other one must not be able to fill the connection.
        gate?.Watch(() => command.OutputStream.Length + command.ExtendedOutputStream.Length);
        _begun.TrySetResult(true);
    }

    private void Drain(Stream source, ByteSink next)
    {
        var buffer = new byte[ChunkSize];
        while (source.Read(buffer, 0, buffer.Length) is > 0 and var count)
        {
            gate?.Drained();
            Interlocked.Increment(ref _handing);
            Interlocked.Add(ref _received, count);
            next(buffer.AsSpan(0, count));
            Interlocked.Decrement(ref _handing);
        }
    }
}
