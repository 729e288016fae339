namespace AutoProvision.Ssh;

/// <summary>Opens SSH connections. A seam: the pipeline's tests give it guests that are late, wrong or gone.</summary>
public interface ISshConnector
{
    /// <summary>
    /// One authenticated connection. The host key is compared byte by byte before anything is told to the server; there is no trust on first use.
    /// </summary>
    /// <exception cref="Vms.FailureException">
    /// <c>ssh_unreachable</c>: refused, no route, silent or cut off; worth a retry.
    /// <c>ssh_auth_failed</c>: the key was not accepted; worth a retry while the guest still boots (its user may not exist yet).
    /// <c>ssh_host_key_mismatch</c>: another machine answers; never worth a retry.
    /// </exception>
    Task<ISshConnection> ConnectAsync(SshTarget target, CancellationToken cancellation);

    /// <summary>A connection that is nobody else's, for one command or terminal at the pace of its reader.</summary>
    /// <inheritdoc cref="ConnectAsync"/>
    Task<ISshSession> OpenSessionAsync(SshTarget target, CancellationToken cancellation);
}

/// <summary>One live connection; it carries several commands at once.</summary>
public interface ISshConnection : IAsyncDisposable
{
    /// <summary>False once the connection is known to be lost; true promises nothing about a peer that went silent.</summary>
    bool IsAlive { get; }

    /// <summary>
    /// Runs a command in the user's login shell and reads its output into a sink, to its end. A non-zero exit and a timeout are answers, not exceptions.
    /// A cancelled command is ended in the guest before this throws.
    /// </summary>
    /// <exception cref="Vms.FailureException"><c>ssh_connection_lost</c> (the command may or may not have run), <c>ssh_channel_refused</c>.</exception>
    /// <exception cref="ConnectionFullException">The guest allows no more commands at once on this connection.</exception>
    Task<ExecEnd> ExecAsync(ExecRequest request, IExecSink sink, CancellationToken cancellation);

    /// <summary>Runs a script of <c>sh</c> that becomes a program with a protocol of its own, such as an SFTP server, whatever the login shell is; at most half as many at once as commands, further ones wait.</summary>
    /// <exception cref="Vms.FailureException"><c>ssh_connection_lost</c>; <c>ssh_channel_refused</c>, also when no place became free in time.</exception>
    /// <exception cref="ConnectionFullException">As for a command.</exception>
    Task<ISshChannel> OpenAsync(string command, CancellationToken cancellation);
}

public static class SshConnectionExtensions
{
    /// <summary>The same for output that is small: it is given back as text.</summary>
    /// <inheritdoc cref="ISshConnection.ExecAsync"/>
    public static async Task<ExecResult> ExecAsync(this ISshConnection connection, ExecRequest request, CancellationToken cancellation)
    {
        using var output = new ExecCollector(request);
        return output.Result(await connection.ExecAsync(request, output, cancellation));
    }
}

/// <param name="Host">Address or name.</param>
/// <param name="Port">Usually 22.</param>
/// <param name="User">The user to log in as.</param>
/// <param name="HostKeyPublic">The only host key that is accepted, <c>ssh-ed25519 AAAA...</c>.</param>
/// <param name="PrivateKeyOpenSsh">The user's key in OpenSSH's text form, without a passphrase.</param>
public sealed record SshTarget(string Host, int Port, string User, string HostKeyPublic, string PrivateKeyOpenSsh)
{
    /// <summary>Without the key: this text reaches logs and failures.</summary>
    public override string ToString() => $"{User}@{Host}:{Port}";
}
