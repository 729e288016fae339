using System.Formats.Tar;

namespace AutoProvision.Ssh.Files;

/// <summary>
/// One run of the guest's tar, which unpacks what it is given into a new directory that is nobody else's. It sees no byte of an archive that
/// came with a request, but one that is written here, of checked entries.
/// </summary>
internal sealed class TarStage : IAsyncDisposable
{
    private readonly GuestProgram _tar;
    private readonly string _last;
    private readonly PatientInput _input;
    private readonly TarWriter _writer;
    private readonly Task<string?> _said;
    private readonly CancellationTokenSource _over = new();

    /// <param name="tar">Started by <see cref="GuestCommand.Unpack"/>.</param>
    /// <param name="last">The name that it was given there.</param>
    public TarStage(GuestProgram tar, string last)
    {
        (_tar, _last) = (tar, last);
        _input = new PatientInput(tar);
        _writer = new TarWriter(_input, TarEntryFormat.Gnu, leaveOpen: true);
        _said = ListenAsync();
    }

    public Task AddDirectoryAsync(string name, uint mode, (uint User, uint Group) owner, CancellationToken cancellation) =>
        WriteAsync(Entry(TarEntryType.Directory, name + "/", new SftpAttributes(Owner: owner, Mode: mode)), cancellation);

    /// <summary>Adds a file or symbolic link.</summary>
    public Task AddAsync(string name, TarItem item, CancellationToken cancellation)
    {
        var entry = Entry(item.Kind == TarItemKind.File ? TarEntryType.RegularFile : TarEntryType.SymbolicLink, name, item.Attributes);
        if (item.Kind == TarItemKind.Symlink)
            entry.LinkName = item.Target;
        else if (item.Size > 0)
            entry.DataStream = item.Content;
        return WriteAsync(entry, cancellation);
    }

    /// <summary>Waits until all is unpacked.</summary>
    /// <exception cref="SftpException">What tar complained of.</exception>
    public async Task FinishAsync(CancellationToken cancellation)
    {
        await WriteAsync(Entry(TarEntryType.RegularFile, _last, new SftpAttributes()), cancellation);
        // The end of file, too, which GNU tar waits for.
        await _writer.DisposeAsync();
        await _input.SendAsync(cancellation);
        await _tar.Input.DisposeAsync();
        if (await _tar.WaitAsync(_said, SftpSession.FlushPatience, cancellation) != GuestCommand.Done)
            throw await RefusalAsync();
    }

    public async ValueTask DisposeAsync()
    {
        // Without the last entry, where it was not finished: then what tar has made goes.
        await _tar.DisposeAsync();
        await ((Task)_said).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _over.Dispose();
    }

    private async Task WriteAsync(GnuTarEntry entry, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _over.Token);
        try
        {
            await _writer.WriteEntryAsync(entry, either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw await RefusalAsync();
        }
    }

    private async Task<string?> ListenAsync()
    {
        try
        {
            // For as long as the sender takes; the deadlines are those of each write and of the end.
            return await _tar.ReadLineAsync(Timeout.InfiniteTimeSpan, CancellationToken.None);
        }
        finally
        {
            await _over.CancelAsync();
        }
    }

    private async Task<Exception> RefusalAsync() => await _said switch
    {
        null => new SftpEndedException($"The guest's tar was ended. {_tar.ReadError()}".Trim()),
        var said => new SftpException(IsDenied(said) ? SftpStatus.PermissionDenied : SftpStatus.Failure, said),
    };

    private static bool IsDenied(string said) =>
        said.Contains("Permission denied", StringComparison.Ordinal) || said.Contains("not permitted", StringComparison.Ordinal);

    private static GnuTarEntry Entry(TarEntryType type, string name, SftpAttributes attributes) => new(type, name)
    {
        Mode = (UnixFileMode)(attributes.Mode ?? 0),
        ModificationTime = attributes.Modified,
        // Without names, which the guest may know otherwise: the numbers count.
        Uid = (int)(attributes.Owner?.User ?? 0),
        Gid = (int)(attributes.Owner?.Group ?? 0),
    };

    /// <summary>
    /// Gives the guest a deadline for each write; the sender, who is read from in between, has none here. Small writes are gathered: each
    /// would be a packet of its own, and those of a small file's entry take an emulated guest longer than the file.
    /// </summary>
    private sealed class PatientInput(GuestProgram tar) : Stream
    {
        private readonly byte[] _gathered = new byte[32 * 1024];
        private int _count;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        /// <summary>Sends what was gathered.</summary>
        public async Task SendAsync(CancellationToken cancellation)
        {
            await tar.WriteAsync(_gathered.AsMemory(0, _count), SftpSession.Patience, cancellation);
            _count = 0;
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            for (var rest = buffer; !rest.IsEmpty;)
            {
                var part = rest[..Math.Min(rest.Length, _gathered.Length - _count)];
                part.CopyTo(_gathered.AsMemory(_count));
                (_count, rest) = (_count + part.Length, rest[part.Length..]);
                if (_count == _gathered.Length)
                    await SendAsync(cancellationToken);
            }
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Only asynchronous writes.");

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Flush()
        {
        }
    }
}
