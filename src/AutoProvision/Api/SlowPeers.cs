using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace AutoProvision.Api;

/// <summary>
/// Lets a client take its time over a body that is a stream: a pipe may pause for minutes. By itself Kestrel hangs up on less than
/// 240 bytes a second (KestrelServerLimits.MinRequestBodyDataRate, MinResponseDataRate).
/// </summary>
internal static class SlowPeers
{
    // With a rate that nobody reaches, only the grace is left: so long may each piece of an answer wait to be taken, however much was
    // taken before. (Kestrel's own rule would give a reader who took a GiB some weeks.) TCP alone would give a reader up that is gone in
    // the middle after a quarter of an hour (tcp_retries2), one that just does not read never.
    private static readonly MinDataRate Pauses = new(bytesPerSecond: 1e9, gracePeriod: TimeSpan.FromMinutes(10));

    /// <summary>Waits for a sender for as long as its host answers. A stop of the service waits two seconds for what is left of the body, and then hangs up.</summary>
    public static void WaitForSender(HttpContext http)
    {
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
        // Kestrel waits for the body's end after the answer's, when the context is somebody else's: it is the connection that ends.
        if (http.Features.Get<IConnectionLifetimeFeature>() is { } connection)
            http.Response.RegisterForDispose(new Parting(http, connection.Abort) { OutlivesAnswer = true });
    }

    /// <summary>Waits for a reader: for ten minutes, or for ever where what is read has a time limit of its own.</summary>
    /// <returns>To be disposed of at the answer's end. Until then a stop of the service waits two seconds for the reader, and then hangs up.</returns>
    public static IDisposable WaitForReader(HttpContext http, bool isLimited = false)
    {
        if (http.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
            rate.MinDataRate = isLimited ? null : Pauses;
        return new Parting(http, http.Abort);
    }

    /// <summary>Hangs up on a reader who is slower than 32 KiB a second: until it is read, the answer takes memory from those of others.</summary>
    public static void HurryReader(HttpContext http)
    {
        if (http.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
            rate.MinDataRate = new MinDataRate(bytesPerSecond: 32 * 1024, gracePeriod: TimeSpan.FromSeconds(30));
    }

    /// <summary>So that a sender who is gone without a word is not waited for for ever: after a minute of silence TCP asks, and hangs up after the third question.</summary>
    public static IServiceCollection AddKeepAlive(this IServiceCollection services) => services.Configure<SocketTransportOptions>(transport =>
        transport.CreateBoundListenSocket = endpoint =>
        {
            var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
            if (endpoint is IPEndPoint)
                Ask(socket);
            return socket;
        });

    // What is accepted inherits it (tcp(7)).
    private static void Ask(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 60);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
    }

    /// <summary>Ends the wait for a peer who does nothing, some time after the service was asked to stop.</summary>
    private sealed class Parting : IDisposable
    {
        private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);
        private readonly CancellationToken _stop;
        private readonly CancellationTokenSource _late;
        private readonly CancellationTokenRegistration _hangUp;
        private readonly CancellationTokenRegistration _stopping;

        public Parting(HttpContext http, Action hangUp)
        {
            _late = new CancellationTokenSource(Timeout.InfiniteTimeSpan, http.RequestServices.GetRequiredService<TimeProvider>());
            _hangUp = _late.Token.Register(hangUp);
            _stop = http.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
            _stopping = _stop.Register(() => _late.CancelAfter(Grace));
        }

        /// <summary>Whether an end that is near stays so when the answer is given.</summary>
        public bool OutlivesAnswer { get; init; }

        public void Dispose()
        {
            // Each waits for what is just being called: afterwards the context may be another request's.
            _stopping.Dispose();
            if (OutlivesAnswer && _stop.IsCancellationRequested)
                return;
            _hangUp.Dispose();
            _late.Dispose();
        }
    }
}
