namespace AutoProvision.Ssh.Files;

/// <summary>
/// Writes a file beside the one that it will replace. Until it is whole it has a name of its own; cut off, it is removed and the old
/// file is as it was.
/// </summary>
internal sealed class SftpUpload(Sftp sftp)
{
    private const int PieceSize = 32 * 1024;
    private const int PiecesUnderWay = 32;

    // Longer than a busy guest needs to remove one file.
    private static readonly TimeSpan CleanUp = TimeSpan.FromSeconds(10);

    /// <summary>Whether an unfinished file may still be there: the guest did not say that it is gone.</summary>
    public bool HasLeft { get; private set; }

    /// <param name="temporary">The name until then, in the same directory.</param>
    /// <param name="path">The name after.</param>
    /// <param name="content">Read to its end, with a MiB of it under way.</param>
    /// <param name="attributes">Mode, owner and time that it is to have.</param>
    /// <param name="durable">Whether it is on the disk before it gets its name.</param>
    /// <param name="cancellation">Cuts it off.</param>
    /// <exception cref="Vms.FailureException">One of <see cref="FileFailures"/>.</exception>
    public async Task WriteAsync(string temporary, string path, Stream content, SftpAttributes attributes, bool durable, CancellationToken cancellation)
    {
        var handle = await OpenAsync(temporary, path, cancellation);
        try
        {
            await CopyAsync(content, handle, cancellation);
            await ApplyAsync(handle, attributes, cancellation);
            if (durable)
                await sftp.SyncAsync(handle, cancellation);
            await sftp.CloseWrittenAsync(handle, cancellation);
            await sftp.RenameAsync(temporary, path, cancellation);
        }
        catch (SftpException e)
        {
            // Asked before the file goes: its disk may be full of it.
            var failure = await FileFailures.ExplainWriteAsync(sftp, path, e, cancellation);
            await RemoveAsync(temporary);
            throw failure;
        }
        catch
        {
            await RemoveAsync(temporary);
            throw;
        }
    }

    // Not by the caller's token: whether the guest made the file has to be known. One that is there already is somebody else's.
    private async Task<byte[]> OpenAsync(string temporary, string path, CancellationToken cancellation)
    {
        var opening = sftp.OpenFileAsync(temporary, SftpOpen.Write | SftpOpen.Create | SftpOpen.Exclusive, CancellationToken.None);
        try
        {
            return await opening.WaitAsync(cancellation);
        }
        catch (SftpException e)
        {
            throw await FileFailures.ExplainWriteAsync(sftp, path, e, cancellation);
        }
        catch
        {
            await ((Task)opening).WaitAsync(CleanUp, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (opening.Exception?.InnerException is not SftpException)
                await RemoveAsync(temporary);
            throw;
        }
    }

    private async Task CopyAsync(Stream content, byte[] handle, CancellationToken cancellation)
    {
        var underWay = new Queue<Task>();
        var buffer = new byte[PieceSize];
        for (long at = 0; ;)
        {
            var count = await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation);
            if (count == 0)
                break;
            if (underWay.Count == PiecesUnderWay)
                await underWay.Dequeue();
            // The packet is made before this returns: the buffer is free again.
            underWay.Enqueue(sftp.WriteAsync(handle, at, buffer.AsMemory(0, count), cancellation));
            at += count;
        }
        await Task.WhenAll(underWay);
    }

    // The owner first: a change of it takes setuid away. None where it is right already, which needs no right to do so.
    private async Task ApplyAsync(byte[] handle, SftpAttributes attributes, CancellationToken cancellation)
    {
        var now = await sftp.StatHandleAsync(handle, cancellation);
        if (attributes.Owner is not null && attributes.Owner != now.Owner)
            await sftp.SetAsync(handle, new SftpAttributes(Owner: attributes.Owner), cancellation);
        await sftp.SetAsync(handle, new SftpAttributes(Mode: attributes.Mode, ModifiedAt: attributes.ModifiedAt), cancellation);
    }

    /// <summary>Removes what is not whole, or no longer of use. Not by the caller's token: it may be what cut the upload off.</summary>
    public async Task RemoveAsync(string temporary)
    {
        try
        {
            using var limit = new CancellationTokenSource(CleanUp);
            await sftp.RemoveAsync(temporary, limit.Token);
        }
        catch (Exception e) when (e is SftpException or SftpEndedException or OperationCanceledException)
        {
            // The guest's own shell removes it when the session ends, see SftpCommand.
            HasLeft |= e is not SftpException { Status: SftpStatus.NoSuchFile };
        }
    }
}
