using System.IO.Pipelines;
using System.Text;

namespace AutoProvision.Ssh.Files;

/// <summary>
/// A program of the guest with its input and output as streams that do not block: the threads that SSH.NET needs for them are here. Neither
/// runs ahead of the other side by more than <see cref="MostAhead"/>.
/// </summary>
internal sealed class GuestProgram : IAsyncDisposable
{
    private const int MostAhead = 256 * 1024;
    private const int PieceSize = 32 * 1024;
    private const int LongestLine = 4096;

    private readonly ISshChannel _channel;
    private readonly TimeProvider _time;
    private readonly Pipe _fromGuest = NewPipe();
    private readonly Pipe _toGuest = NewPipe();
    private readonly Stream _output;
    private readonly Task _threads;
    private volatile bool _isInputLost;

    public GuestProgram(ISshChannel channel, TimeProvider time)
    {
        (_channel, _time) = (channel, time);
        (_output, Input) = (_fromGuest.Reader.AsStream(), _toGuest.Writer.AsStream());
        _threads = Task.WhenAll(DedicatedThread.RunAsync(Read), DedicatedThread.RunAsync(Write));
    }

    /// <summary>What the program reads; disposing of it is the end of file. Once the program is gone, what is written goes nowhere.</summary>
    public Stream Input { get; }

    /// <returns>0 at the end of what the program writes.</returns>
    /// <exception cref="SftpEndedException">It wrote nothing for as long as a request to the guest may take.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, TimeSpan patience, CancellationToken cancellation)
    {
        var reading = _output.ReadAsync(buffer, cancellation);
        return reading.IsCompleted ? await reading : await WaitAsync(reading.AsTask(), patience, cancellation);
    }

    /// <summary>Writes what the program must read; <see cref="Input"/> is for what may go nowhere.</summary>
    /// <exception cref="SftpEndedException">It did not read for as long as that, or can no longer be written to.</exception>
    public async Task WriteAsync(ReadOnlyMemory<byte> bytes, TimeSpan patience, CancellationToken cancellation)
    {
        var writing = _toGuest.Writer.WriteAsync(bytes, cancellation);
        _ = writing.IsCompleted ? await writing : await WaitAsync(writing.AsTask(), patience, cancellation);
        if (_isInputLost)
            throw new SftpEndedException("A program of the guest's takes no more input.");
    }

    /// <summary>Waits for what the program does.</summary>
    /// <exception cref="SftpEndedException">It took longer than that.</exception>
    public async Task<T> WaitAsync<T>(Task<T> work, TimeSpan patience, CancellationToken cancellation)
    {
        try
        {
            return await work.WaitAsync(patience, _time, cancellation);
        }
        catch (TimeoutException e)
        {
            throw new SftpEndedException($"A program of the guest's did nothing for {patience.TotalSeconds:0} s.", e);
        }
    }

    /// <summary>The next line; of one that is too long, the beginning. Null at the end.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    public async Task<string?> ReadLineAsync(TimeSpan patience, CancellationToken cancellation)
    {
        var line = new MemoryStream();
        var next = new byte[1];
        while (line.Length < LongestLine && await ReadAsync(next, patience, cancellation) > 0)
        {
            if (next[0] == (byte)'\n')
                return Encoding.UTF8.GetString(line.ToArray());
            line.Write(next);
        }
        return line.Length == 0 ? null : Encoding.UTF8.GetString(line.ToArray());
    }

    public string ReadError() => _channel.ReadError();

    /// <summary>Ends the program, by closing what it reads and writes.</summary>
    public async ValueTask DisposeAsync()
    {
        await _toGuest.Writer.CompleteAsync();
        await _fromGuest.Reader.CompleteAsync();
        await _channel.DisposeAsync();
        await _threads.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static Pipe NewPipe() => new(new PipeOptions(pauseWriterThreshold: MostAhead, resumeWriterThreshold: MostAhead / 2, useSynchronizationContext: false));

    private void Read()
    {
        try
        {
            var piece = new byte[PieceSize];
            while (_channel.Output.Read(piece, 0, piece.Length) is > 0 and var count)
                if (_fromGuest.Writer.WriteAsync(piece.AsMemory(0, count)).AsTask().GetAwaiter().GetResult().IsCompleted)
                    break;
        }
        finally
        {
            // Whatever it was that ended it: who reads sees what is missing.
            _fromGuest.Writer.Complete();
        }
    }

    private void Write()
    {
        try
        {
            ReadResult next;
            do
            {
                next = _toGuest.Reader.ReadAsync().AsTask().GetAwaiter().GetResult();
                foreach (var part in next.Buffer)
                    for (var rest = part; !rest.IsEmpty; rest = rest[Math.Min(rest.Length, PieceSize)..])
                        _channel.Input.Write(rest.Span[..Math.Min(rest.Length, PieceSize)]);
                _channel.Input.Flush();
                _toGuest.Reader.AdvanceTo(next.Buffer.End);
            }
            while (!next.IsCompleted);
            _channel.Input.Dispose();
        }
        catch
        {
            // The connection is lost, or SSH.NET has waited too long for the guest to read.
            _isInputLost = true;
            throw;
        }
        finally
        {
            _toGuest.Reader.Complete();
        }
    }
}
