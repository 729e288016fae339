using System.Net.Sockets;
using System.Text;
using Renci.SshNet;
using Renci.SshNet.Common;
using Renci.SshNet.Messages.Transport;
using ConnectionInfo = Renci.SshNet.ConnectionInfo;

namespace AutoProvision.Ssh;

/// <summary>One attempt to connect and log in; blocks. What SSH.NET throws is told apart here.</summary>
internal sealed class SshHandshake(SshTarget target, SshOptions options, CancellationToken cancellation)
{
    private string? _wrongKey;

    /// <summary>A port of the loopback interface that leads to the guest; null to go there directly.</summary>
    public int? Relay { get; init; }

    /// <inheritdoc cref="ISshConnector.ConnectAsync"/>
    public SshClient Run()
    {
        using var login = LoadKey();
        var client = new SshClient(Describe(login)) { KeepAliveInterval = options.KeepAliveInterval };
        client.HostKeyReceived += VerifyHostKey;
        try
        {
            client.Connect();
            // SSH.NET returns quietly when the server leaves in the middle of the key exchange.
            return client.IsConnected ? client : throw new SshConnectionException("The server closed the connection during the handshake.");
        }
        catch (Exception e)
        {
            client.Dispose();
            cancellation.ThrowIfCancellationRequested();
            throw Translate(e);
        }
    }

    private PrivateKeyFile LoadKey()
    {
        try
        {
            using var text = new MemoryStream(Encoding.ASCII.GetBytes(target.PrivateKeyOpenSsh));
            return new PrivateKeyFile(text);
        }
        catch (Exception e) when (e is SshException or FormatException or InvalidOperationException)
        {
            throw SshFailures.KeyUnusable(target, e);
        }
    }

    private ConnectionInfo Describe(PrivateKeyFile key)
    {
        var info = new ConnectionInfo(Relay is null ? target.Host : "127.0.0.1", Relay ?? target.Port, target.User, new PrivateKeyAuthenticationMethod(target.User, key))
        {
            Timeout = options.ConnectTimeout,
        };
        // A server with several host keys must show the one that we know.
        foreach (var other in info.HostKeyAlgorithms.Keys.Where(name => name != SshPublicKey.Algorithm).ToList())
            info.HostKeyAlgorithms.Remove(other);
        return info;
    }

    /// <summary>Comes on the first key exchange, before authentication, and on every later one.</summary>
    private void VerifyHostKey(object? sender, HostKeyEventArgs offered)
    {
        var expected = SshPublicKey.Blob(target.HostKeyPublic);
        offered.CanTrust = offered.HostKey.AsSpan().SequenceEqual(expected) && !cancellation.IsCancellationRequested;
        if (!offered.HostKey.AsSpan().SequenceEqual(expected))
            _wrongKey = SshPublicKey.Fingerprint(offered.HostKey);
    }

    private Exception Translate(Exception e) => e switch
    {
        _ when _wrongKey is not null => SshFailures.WrongHost(target, _wrongKey, e),
        SshConnectionException { DisconnectReason: DisconnectReason.KeyExchangeFailed } when IsAboutHostKeys(e) =>
            SshFailures.WrongHost(target, $"nothing usable: {e.Message}", e),
        SshAuthenticationException => SshFailures.NotAuthenticated(target, e),
        SshException or SocketException or IOException or ObjectDisposedException or TimeoutException => SshFailures.NotReachable(target, e.Message, e),
        _ => e,
    };

    /// <summary>Either the server has no Ed25519 host key, or it shows ours without holding its private half.</summary>
    private static bool IsAboutHostKeys(Exception e) => e.Message.Contains("host key", StringComparison.OrdinalIgnoreCase);
}
