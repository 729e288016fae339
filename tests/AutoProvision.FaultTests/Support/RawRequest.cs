using System.Net.Sockets;
using System.Text;

namespace AutoProvision.FaultTests.Support;

/// <summary>A request on a socket that can be cut at any byte. HTTP/1.0, so that the body comes as it is and ends with the connection.</summary>
internal sealed class RawRequest : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly MemoryStream _answer = new();

    /// <summary>What has arrived: head and body.</summary>
    public string Answer => Encoding.UTF8.GetString(_answer.GetBuffer(), 0, (int)_answer.Length);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <param name="service">The service's address.</param>
    /// <param name="line">Method and path, such as <c>GET /vms</c>.</param>
    /// <param name="headers">Header lines.</param>
    /// <param name="body">JSON; null for none.</param>
    /// <exception cref="SocketException">Nobody listens.</exception>
    public static async Task<RawRequest> SendAsync(Uri service, string line, IEnumerable<string> headers, string? body = null)
    {
        var request = new RawRequest();
        try
        {
            await request._socket.ConnectAsync(service.Host, service.Port, Cancellation);
            string[] length = body is null ? [] : ["Content-Type: application/json", $"Content-Length: {Encoding.UTF8.GetByteCount(body)}"];
            string[] head = [$"{line} HTTP/1.0", $"Host: {service.Authority}", .. headers, .. length];
            await request._socket.SendAsync(Encoding.UTF8.GetBytes($"{string.Join("\r\n", head)}\r\n\r\n{body}"), Cancellation);
            return request;
        }
        catch
        {
            request.Dispose();
            throw;
        }
    }

    /// <summary>Reads on, up to so many bytes more.</summary>
    /// <param name="bytes">How many at most.</param>
    /// <param name="patience">How long it waits when nothing comes; null is for ever.</param>
    /// <returns>Whether the answer has ended, by its end or by the service's.</returns>
    public async Task<bool> ReadAsync(int bytes, TimeSpan? patience = null)
    {
        var buffer = new byte[Math.Min(bytes, 4096)];
        while (bytes > 0)
        {
            var read = await ReceiveAsync(buffer.AsMemory(0, Math.Min(bytes, buffer.Length)), patience ?? Timeout.InfiniteTimeSpan);
            if (read is not > 0)
                return read == 0;
            _answer.Write(buffer, 0, read.Value);
            bytes -= read.Value;
        }
        return false;
    }

    /// <summary>Cuts the connection by a reset, as a crashed client or a dropping firewall does.</summary>
    public void Cut()
    {
        _socket.LingerState = new LingerOption(enable: true, seconds: 0);
        _socket.Close();
    }

    public void Dispose()
    {
        _socket.Dispose();
        _answer.Dispose();
    }

    // How many bytes, 0 at the end; null where nothing came.
    private async Task<int?> ReceiveAsync(Memory<byte> buffer, TimeSpan patience)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(patience);
        try
        {
            return await _socket.ReceiveAsync(buffer, limit.Token);
        }
        catch (SocketException)
        {
            // The service was killed.
            return 0;
        }
        catch (OperationCanceledException) when (!Cancellation.IsCancellationRequested)
        {
            return null;
        }
    }
}
