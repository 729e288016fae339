using AutoProvision.Vms;

namespace AutoProvision.Ssh.Files;

/// <summary>
/// Runs the guest's own programs where it has them, beside the SFTP session. Each is a short cut: whoever asks goes on over SFTP where
/// there is none.
/// </summary>
/// <param name="open">Opens a channel with a script.</param>
/// <param name="time">Measures how long is waited.</param>
internal sealed class GuestPrograms(Func<GuestScript, CancellationToken, Task<ISshChannel>> open, TimeProvider time)
{
    // As of an SFTP server.
    private const int MostNoise = 1024 * 1024;

    // Transfers that each hold a place and want another one must not wait for one another.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Whether there is no session beside: then a place is waited for like one, and what keeps it from opening would keep a session, too.</summary>
    public bool IsAlone { get; init; }

    /// <summary>How many entries of an archive one run of the guest's tar is given.</summary>
    public int MostStaged { get; init; } = TarTree.Most;

    /// <summary>Told when a program turns out to run as <see cref="GuestScript.Root"/>.</summary>
    public Action OnRoot { get; init; } = () => { };

    /// <summary>Told when a program begins what it is for.</summary>
    public Action OnReady { get; init; } = () => { };

    /// <param name="script">One of <see cref="GuestCommand"/>.</param>
    /// <param name="cancellation">Ends the start.</param>
    /// <returns>Null where the guest cannot, or has no place for it at the moment.</returns>
    public async Task<GuestProgram?> TryStartAsync(GuestScript script, CancellationToken cancellation)
    {
        if (await TryOpenAsync(script, cancellation) is not { } channel)
            return null;
        var program = new GuestProgram(channel, time);
        try
        {
            if (await IsReadyAsync(program, cancellation))
            {
                OnReady();
                return program;
            }
        }
        catch
        {
            await program.DisposeAsync();
            throw;
        }
        await program.DisposeAsync();
        return null;
    }

    // What hangs at its start, or never comes to an end of it, is given up like what does not start.
    private async Task<bool> IsReadyAsync(GuestProgram program, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(SftpSession.Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            // Start-up files of a shell may print before it, and leave no line break.
            for (var left = MostNoise; left > 0 && await program.ReadLineAsync(Timeout.InfiniteTimeSpan, either.Token) is { } line; left -= line.Length + 1)
                if (line.EndsWith(GuestCommand.Ready, StringComparison.Ordinal))
                    return true;
                else if (line.EndsWith(GuestScript.Root, StringComparison.Ordinal))
                    OnRoot();
            return false;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Starts the guest's tar, which unpacks into a new directory once it is told to.</summary>
    /// <inheritdoc cref="TryStartAsync"/>
    public Task<GuestProgram?> TryStartTarAsync(string directory, string temporary, CancellationToken cancellation) =>
        TryStartAsync(GuestCommand.Unpack(directory, SftpCommand.Stage(temporary)), cancellation);

    /// <returns>Whether it was run and says in time that it did all.</returns>
    public async Task<bool> TryRunAsync(GuestScript script, CancellationToken cancellation)
    {
        await using var program = await TryStartAsync(script, cancellation);
        try
        {
            return program is not null && await program.ReadLineAsync(SftpSession.FlushPatience, cancellation) == GuestCommand.Done;
        }
        catch (SftpEndedException)
        {
            return false;
        }
    }

    private async Task<ISshChannel?> TryOpenAsync(GuestScript script, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(IsAlone ? Timeout.InfiniteTimeSpan : Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            return await open(script, either.Token);
        }
        // Who does not get in may yet do so by another login.
        catch (Exception e) when (e is FailureException failure && (!IsAlone || failure.Code == SshFailures.AuthFailed) || e is OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            // The guest may allow one channel and no more; a connection that is lost is one for the SFTP session, too.
            return null;
        }
    }
}
