using AutoProvision.Ssh;
using AutoProvision.Ssh.Files;

namespace AutoProvision.Vms;

/// <summary>
/// The files of a reachable VM, over SFTP on a connection of its own, as root where its user may use sudo: every path works.
/// </summary>
/// <remarks>
/// Every method throws <see cref="FailureException"/>: <c>vm_not_found</c>, <c>vm_not_ready</c>, <c>service_stopping</c>, one of SSH's or one
/// of the files' own, such as <c>file_not_found</c>; and <see cref="InvalidRequestException"/> for a query with faults.
/// </remarks>
public sealed class GuestFiles(VmService vms, GuestSftp guests, LostGuests lost, TimeProvider time, IHostApplicationLifetime lifetime)
{
    /// <summary>Opens a file or directory to be read.</summary>
    public async Task<GuestFile> OpenAsync(string id, GuestFileQuery query, CancellationToken cancellation)
    {
        var order = query.Read(mayBeRoot: true);
        var sftp = await ConnectAsync(id, SftpCommand.Plain, cancellation);
        try
        {
            return await DoAsync(id, sftp, order.Path, writes: false, (files, token) => files.OpenAsync(order.Path, lifetime.ApplicationStopping, token), cancellation);
        }
        catch
        {
            await sftp.DisposeAsync();
            throw;
        }
    }

    /// <summary>What there is at a path, and in a directory.</summary>
    public Task<GuestFileStat> StatAsync(string id, GuestFileQuery query, CancellationToken cancellation)
    {
        var order = query.Read(mayBeRoot: true);
        return InSessionAsync(id, SftpCommand.Plain, order.Path, writes: false, (files, token) => files.StatAsync(order.Path, token), cancellation);
    }

    /// <summary>
    /// Writes a file, whole or not at all. A file that is there keeps its mode and owner unless the query says otherwise; a new one has mode
    /// 0644 and belongs to whom its directory belongs, or to the VM's user where everybody may write, as in /tmp. A symbolic link is followed.
    /// </summary>
    /// <returns>Whether it is new.</returns>
    public Task<bool> WriteAsync(string id, GuestFileQuery query, Stream content, CancellationToken cancellation)
    {
        var order = query.Read(mayBeRoot: false);
        var temporary = FilePath.Temporary();
        return InSessionAsync(id, SftpCommand.WithCleanUp(order.Path, temporary), order.Path, writes: true, (files, token) => files.WriteAsync(order, temporary, content, token), cancellation);
    }

    /// <summary>Unpacks a tar archive into a directory, which is made when it is missing.</summary>
    /// <returns>Whether the directory is new.</returns>
    public async Task<bool> UnpackAsync(string id, GuestFileQuery query, Stream archive, CancellationToken cancellation)
    {
        var order = query.Read(mayBeRoot: true, isArchive: true);
        var temporary = FilePath.Temporary();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lifetime.ApplicationStopping);
        // At the same time as the session: half of what a small archive takes is the start of the two.
        Task<GuestProgram?>? early = null;
        void Begin() => early = Programs(id).TryStartTarAsync(order.Path, temporary, over.Token);
        try
        {
            await using var sftp = await GuardAsync(id, begun: false, token => guests.OpenAsync(id, SftpCommand.WithSweep(order.Path, temporary), Begin, token), cancellation);
            // Begun as root, and the session is not: what the user may not do, tar must not do either.
            if (!sftp.IsRoot)
            {
                await over.CancelAsync();
                await EndAsync(early);
                early = null;
            }
            return await DoAsync(id, sftp, order.Path, writes: true, (files, token) => files.UnpackAsync(order, temporary, new PlainArchive(archive), token, early), cancellation);
        }
        finally
        {
            await over.CancelAsync();
            await EndAsync(early);
        }
    }

    /// <summary>Deletes a file, a symbolic link or a directory.</summary>
    public async Task DeleteAsync(string id, GuestFileQuery query, CancellationToken cancellation)
    {
        var order = query.Read(mayBeRoot: false);
        var isBegun = false;
        // By one process of the guest, before there is a session. What it leaves, or does not find, that has the answer.
        var programs = Programs(id, isAlone: true, onReady: () => isBegun = true);
        if (order.Recursive && await GuardAsync(id, begun: true, token => programs.TryRunAsync(GuestCommand.Remove(order.Path), token), cancellation))
            return;
        try
        {
            await InSessionAsync(id, SftpCommand.Plain, order.Path, writes: false, async (files, token) =>
            {
                await files.DeleteAsync(order, token);
                return true;
            }, cancellation);
        }
        catch (FailureException e) when (isBegun && e.Code == FileFailures.Missing)
        {
            // That process found it, and its answer was lost.
        }
    }

    private GuestPrograms Programs(string id, bool isAlone = false, Action? onReady = null) =>
        new((script, token) => guests.StartAsync(id, script, token), time) { IsAlone = isAlone, OnReady = onReady ?? (() => { }), OnRoot = () => guests.NoteRoot(vms.Get(id).Id) };

    private static async Task EndAsync(Task<GuestProgram?>? started)
    {
        if (started is null)
            return;
        await ((Task)started).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (started is { IsCompletedSuccessfully: true, Result: { } program })
            await program.DisposeAsync();
    }

    private async Task<T> InSessionAsync<T>(string id, GuestScript script, string path, bool writes, Func<RemoteFiles, CancellationToken, Task<T>> work, CancellationToken cancellation)
    {
        await using var sftp = await ConnectAsync(id, script, cancellation);
        return await DoAsync(id, sftp, path, writes, work, cancellation);
    }

    private Task<Sftp> ConnectAsync(string id, GuestScript script, CancellationToken cancellation) => GuardAsync(id, begun: false, token => guests.OpenAsync(id, script, token), cancellation);

    private Task<T> DoAsync<T>(string id, Sftp sftp, string path, bool writes, Func<RemoteFiles, CancellationToken, Task<T>> work, CancellationToken cancellation) => GuardAsync(id, begun: true, async token =>
    {
        // A sender who pauses is not waited for where the guest is gone.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(token, sftp.Ending);
        try
        {
            var vm = vms.Get(id);
            return await work(new RemoteFiles(sftp, vm.Spec.User, Programs(id)), either.Token);
        }
        catch (SftpException e)
        {
            var failure = writes ? await FileFailures.ExplainWriteAsync(sftp, path, e, token) : FileFailures.Explain(path, e);
            throw e.Status == SftpStatus.NoSuchFile ? await DeadLinks.ExplainAsync(sftp, path, failure, token) : failure;
        }
        catch (FailureException e) when (e.Code is FileFailures.Missing or FileFailures.DirectoryMissing)
        {
            throw await DeadLinks.ExplainAsync(sftp, path, e, token);
        }
        catch (OperationCanceledException) when (!token.IsCancellationRequested && sftp.EndedBy is { } ended)
        {
            throw ended;
        }
    }, cancellation);

    private async Task<T> GuardAsync<T>(string id, bool begun, Func<CancellationToken, Task<T>> work, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lifetime.ApplicationStopping);
        try
        {
            return await work(either.Token);
        }
        catch (SftpEndedException e)
        {
            throw await lost.ExplainAsync(id, FileFailures.Ended(e, begun));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw FileFailures.Stopping();
        }
        catch (FailureException e) when (e.Code == SshFailures.Lost)
        {
            throw await lost.ExplainAsync(id, e);
        }
    }
}
