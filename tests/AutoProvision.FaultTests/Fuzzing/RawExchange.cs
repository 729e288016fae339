using System.Diagnostics;
using System.Net.Sockets;

namespace AutoProvision.FaultTests.Fuzzing;

/// <summary>Sends one request over a connection of its own, byte for byte, and reads what comes back.</summary>
internal static class RawExchange
{
    // How long a stream is followed, and an answer that may be held is waited for: most of them are there by then.
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    // Not a measure of speed, but the end of an answer that never comes.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    public static async Task<FuzzAnswer> SendAsync(Uri service, FuzzRequest request, string wire, CancellationToken cancellation)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var reader = new AnswerReader(wire.StartsWith("HEAD ", StringComparison.Ordinal));
        var watch = Stopwatch.StartNew();
        try
        {
            await socket.ConnectAsync(service.Host, service.Port, cancellation);
        }
        catch (SocketException)
        {
            return new FuzzAnswer(AnswerEnd.Unreachable, 0, reader.Headers, "", watch.Elapsed);
        }
        // A reset leaves no port waiting, of which there are too few for so many connections.
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        var sending = SendAsync(socket, wire, request.Framing.HalfCloses, cancellation);
        if (request.Framing.HangsUp)
        {
            await sending;
            return new FuzzAnswer(AnswerEnd.Left, 0, reader.Headers, "", watch.Elapsed);
        }
        var (end, took) = await ReadAsync(socket, reader, request, watch, cancellation);
        socket.Close();
        await sending;
        return new FuzzAnswer(end, reader.Status, reader.Headers, reader.Body, took);
    }

    // While the answer is read already: a service that refuses a large body does not read it to its end.
    private static async Task SendAsync(Socket socket, string wire, bool halfCloses, CancellationToken cancellation)
    {
        try
        {
            await socket.SendAsync(Bytes.ToArray(wire), cancellation);
            if (halfCloses)
                socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The service has closed the connection, and what it answered tells why; or this side has seen enough.
        }
    }

    private static async Task<(AnswerEnd End, TimeSpan Took)> ReadAsync(Socket socket, AnswerReader reader, FuzzRequest request, Stopwatch watch, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(request.MayHold ? Patience : Deadline);
        var (buffer, took, isLeft) = (new byte[65_536], TimeSpan.Zero, request.MayHold);
        try
        {
            while (await socket.ReceiveAsync(buffer, limit.Token) is > 0 and var read)
            {
                var isHead = !reader.HasHead;
                reader.Add(buffer.AsSpan(0, read));
                if (reader.IsWhole)
                    return (AnswerEnd.Whole, isHead ? watch.Elapsed : took);
                if (!isHead || !reader.HasHead)
                    continue;
                took = watch.Elapsed;
                isLeft = reader.Status == 101 || reader.Headers.GetValueOrDefault("content-type", "").StartsWith("text/event-stream", StringComparison.Ordinal);
                limit.CancelAfter(isLeft ? Look : Deadline);
            }
            return (reader.EndsWithConnection ? AnswerEnd.Whole : AnswerEnd.Dropped, reader.HasHead ? took : watch.Elapsed);
        }
        catch (SocketException)
        {
            return (AnswerEnd.Dropped, watch.Elapsed);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (isLeft ? AnswerEnd.Left : AnswerEnd.Late, isLeft && !reader.HasHead ? TimeSpan.Zero : watch.Elapsed);
        }
    }
}
