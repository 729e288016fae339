using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace AutoProvision.Ssh;

/// <summary>Between a command's output and a reader of any pace: holds half a MiB at most, and blocks the output while that is full.</summary>
internal sealed class ExecPipe(int? limit) : IExecSink, IDisposable
{
    private const int Pieces = 16;
    private readonly Channel<ExecEvent> _events = Channel.CreateBounded<ExecEvent>(Pieces);
    private readonly CancellationTokenSource _hurry = new();
    private long _stdout;
    private long _stderr;
    private volatile bool _truncated;

    public void Started(int? processId) => Put(new ExecStarted(processId));

    public void Stdout(ReadOnlySpan<byte> chunk) => Put(false, chunk, ref _stdout);

    public void Stderr(ReadOnlySpan<byte> chunk) => Put(true, chunk, ref _stderr);

    public void Hurry() => _hurry.Cancel();

    /// <summary>The events of the command that is being run into this pipe, its end as the last of them.</summary>
    /// <param name="running">The command.</param>
    /// <param name="cancellation">The reader leaves, and does not wait for the end that it gives the command by that.</param>
    /// <exception cref="Vms.FailureException">The command's.</exception>
    public async IAsyncEnumerable<ExecEvent> ReadAsync(Task<ExecEnd> running, [EnumeratorCancellation] CancellationToken cancellation)
    {
        _ = running.ContinueWith(_ => _events.Writer.TryComplete(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        await foreach (var what in _events.Reader.ReadAllAsync(cancellation))
            yield return what;
        yield return new ExecExited(await running.WaitAsync(cancellation), _truncated);
    }

    public void Dispose() => _hurry.Dispose();

    private void Put(bool isError, ReadOnlySpan<byte> chunk, ref long passed)
    {
        var room = limit is { } most ? (int)Math.Min(chunk.Length, most - passed) : chunk.Length;
        passed += room;
        _truncated |= room < chunk.Length;
        if (room > 0)
            Put(new ExecOutput(isError, chunk[..room].ToArray()));
    }

    // On the command's own threads, which are there to be blocked.
    private void Put(ExecEvent what)
    {
        while (!_events.Writer.TryWrite(what))
            if (!WaitForRoom())
            {
                _truncated |= !_events.Writer.TryWrite(what);
                return;
            }
    }

    private bool WaitForRoom()
    {
        try
        {
            return _events.Writer.WaitToWriteAsync(_hurry.Token).AsTask().GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
