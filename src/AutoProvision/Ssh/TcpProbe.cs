using System.Net.Sockets;

namespace AutoProvision.Ssh;

/// <summary>Tells cheaply whether anything listens: a booting guest is looked at many times before its sshd runs.</summary>
internal static class TcpProbe
{
    /// <summary>Returns when the port accepts a connection.</summary>
    /// <exception cref="Vms.FailureException"><c>ssh_unreachable</c> with what was seen.</exception>
    public static async Task CheckAsync(SshTarget target, TimeSpan timeout, TimeProvider time, CancellationToken cancellation)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await ConnectAsync(socket, target, timeout, time, cancellation);
    }

    /// <summary>The same with a socket to keep.</summary>
    /// <inheritdoc cref="CheckAsync"/>
    public static async Task ConnectAsync(Socket socket, SshTarget target, TimeSpan timeout, TimeProvider time, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            await socket.ConnectAsync(target.Host, target.Port, linked.Token);
        }
        catch (SocketException e)
        {
            throw SshFailures.NotReachable(target, e.Message, e);
        }
        catch (OperationCanceledException e)
        {
            cancellation.ThrowIfCancellationRequested();
            throw SshFailures.NotReachable(target, $"no answer within {timeout.TotalSeconds:0.#} s", e);
        }
    }
}
