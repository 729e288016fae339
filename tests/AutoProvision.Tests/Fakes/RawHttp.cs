using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace AutoProvision.Fakes;

/// <summary>HTTP as it is on the wire: a client library makes a request right before it sends it.</summary>
internal static class RawHttp
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Connects to a service that listens on a real port.</summary>
    public static async Task<Socket> ConnectAsync(this HttpClient http)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(http.BaseAddress!.Host, http.BaseAddress.Port, Cancellation);
        return socket;
    }

    /// <summary>Sends a request line, fields and whatever comes behind them, each as it is, and reads the answer to the end of the connection.</summary>
    public static async Task<RawAnswer> AskRawAsync(this HttpClient http, string line, string fields = "", string rest = "")
    {
        using var socket = await http.ConnectAsync();
        await socket.SendTextAsync($"{line} HTTP/1.1\r\nHost: {http.BaseAddress!.Authority}\r\nConnection: close\r\n{fields}\r\n{rest}");
        return await socket.ReadAnswerAsync();
    }

    public static async Task SendTextAsync(this Socket socket, string text) => await socket.SendAsync(Encoding.Latin1.GetBytes(text), Cancellation);

    /// <summary>Reads to the end of the connection.</summary>
    public static async Task<RawAnswer> ReadAnswerAsync(this Socket socket)
    {
        var bytes = new MemoryStream();
        try
        {
            for (var buffer = new byte[16 * 1024]; await socket.ReceiveAsync(buffer.AsMemory(), Cancellation) is > 0 and var count;)
                bytes.Write(buffer, 0, count);
        }
        catch (SocketException)
        {
            // A server that closes a connection with unread bytes on it resets it; what came before that counts.
        }
        return RawAnswer.Read(Encoding.Latin1.GetString(bytes.ToArray()));
    }

    /// <summary>Resets the connection, as a client does that is killed with an answer unread.</summary>
    public static void Reset(this Socket socket)
    {
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Dispose();
    }
}

/// <param name="Status">0 where there was no answer.</param>
/// <param name="Head">The status line and the fields.</param>
/// <param name="Body">What came behind them, its chunks put together.</param>
internal sealed record RawAnswer(int Status, string Head, string Body)
{
    /// <summary>The problem document's code; null where the body is not one.</summary>
    public string? Code => Head.Contains("application/problem+json", StringComparison.Ordinal) ? JsonElement.Parse(Body).Text("code") : null;

    public static RawAnswer Read(string text)
    {
        var parts = text.Split("\r\n\r\n", 2);
        if (parts.Length < 2)
            return new RawAnswer(0, text, "");
        var isChunked = parts[0].Contains("Transfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase);
        return new RawAnswer(int.Parse(parts[0].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture), parts[0], Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(isChunked ? Join(parts[1]) : parts[1])));
    }

    // Of Latin-1, where a character is a byte.
    private static string Join(string chunks)
    {
        var body = new StringBuilder();
        for (var rest = chunks; rest.Split("\r\n", 2) is [{ Length: > 0 } size, var data] && Convert.ToInt32(size, 16) is > 0 and var length; rest = data[Math.Min(data.Length, length + 2)..])
            body.Append(data.AsSpan(0, Math.Min(data.Length, length)));
        return body.ToString();
    }
}
