namespace AutoProvision.Ssh.Files;

/// <summary>
/// Has the guest's own tar unpack an archive, in batches: each goes into a new directory within the one that it is for, and from there to
/// its place. What a batch cannot hold is left to the caller, after the batch.
/// </summary>
/// <param name="sftp">The session, which also moves what was unpacked.</param>
/// <param name="programs">Starts the guest's tar.</param>
/// <param name="place">Where everything goes.</param>
/// <param name="directory">The same directory, by its path in the request.</param>
/// <param name="temporary">See <see cref="SftpCommand.Stage"/>.</param>
/// <param name="owner">To whom everything is to belong; null leaves new directories to whom the one above them belongs.</param>
/// <param name="early">A tar that was started already, for the first batch; null where none was.</param>
internal sealed class TarBatches(Sftp sftp, GuestPrograms programs, ArchivePlace place, string directory, string temporary, (uint User, uint Group)? owner, Task<GuestProgram?>? early = null) : IAsyncDisposable
{
    private static readonly byte[] Go = [(byte)'\n'];

    // Of a header's seven octal digits: what is above is written in other ways by different tars.
    private const uint LargestNumber = 0x1F_FFFF;

    // A batch for every other entry would take longer than to unpack them one by one.
    private const int MostConflicts = 8;
    private const uint NewDirectoryMode = 0b111_101_101;
    private const uint SetGroup = 0b10_000_000_000;

    private readonly string _name = SftpCommand.Stage(temporary);
    private readonly List<TarItem> _copies = [];
    private TarTree _tree = new(programs.MostStaged);
    private TarStage? _stage;
    private int _conflicts;
    private bool _isOver;
    private (uint User, uint Group) _given;
    private uint _directoryMode;

    /// <summary>Whether something unpacked may be left beside its place.</summary>
    public bool HasLeft { get; private set; }

    /// <returns>False where the entry has to be put into its place by itself; what came before it is in its place then.</returns>
    public async Task<bool> TryAddAsync(TarItem item, CancellationToken cancellation)
    {
        if (_isOver)
            return false;
        // The directory itself is there.
        if (item.Path == directory && item.Kind == TarItemKind.Directory)
            return true;
        if (_tree.IsFull)
            await FlushAsync(cancellation);
        if (!await StartAsync(cancellation))
            return false;
        if (item.Path != directory && item.Attributes.Owner is { } theirs && Fits(theirs) && await TryAddToStageAsync(item, _stage!, cancellation))
            return true;
        await FlushAsync(cancellation);
        _isOver = ++_conflicts > MostConflicts;
        return false;
    }

    /// <summary>Waits for what is under way, and moves it to its place.</summary>
    public async Task FlushAsync(CancellationToken cancellation)
    {
        if (_stage is null)
            return;
        await FinishAsync(_stage, cancellation);
        await _stage.DisposeAsync();
        _stage = null;
        await new StagedTree(sftp, place, _tree, directory, _given, owner).MoveAsync(FilePath.In(directory, _name), cancellation);
        HasLeft = false;
        place.Forget();
        foreach (var copy in _copies)
            await place.PutAsync(copy, cancellation);
        _copies.Clear();
        _tree = new TarTree(programs.MostStaged);
    }

    public async ValueTask DisposeAsync()
    {
        if (_stage is not null)
            await _stage.DisposeAsync();
    }

    private async Task<bool> StartAsync(CancellationToken cancellation)
    {
        if (_stage is not null)
            return true;
        var above = await sftp.FindAsync(directory, cancellation);
        var tar = await (early ?? programs.TryStartTarAsync(directory, temporary, cancellation));
        early = null;
        if (tar is null || !await BeginsAsync(tar, cancellation))
        {
            _isOver = true;
            return false;
        }
        (_stage, HasLeft) = (new TarStage(tar, _name), true);
        // As the guest itself would make them there.
        _given = owner ?? above?.Owner ?? (0, 0);
        if (!Fits(_given))
            _given = (0, 0);
        _directoryMode = NewDirectoryMode | ((above?.Mode ?? 0) & SetGroup);
        return true;
    }

    private async Task<bool> BeginsAsync(GuestProgram tar, CancellationToken cancellation)
    {
        try
        {
            // Whatever comes of it.
            HasLeft = true;
            await tar.Input.WriteAsync(Go, cancellation);
            if (await tar.ReadLineAsync(SftpSession.Patience, cancellation) == GuestCommand.Begun)
                return true;
            HasLeft = false;
        }
        catch
        {
            await tar.DisposeAsync();
            throw;
        }
        await tar.DisposeAsync();
        return false;
    }

    private async Task<bool> TryAddToStageAsync(TarItem item, TarStage stage, CancellationToken cancellation)
    {
        var name = NameOf(item.Path);
        if (item.Kind == TarItemKind.HardLink && item.Target == directory)
            return false;
        if ((item.Kind == TarItemKind.HardLink ? _tree.TryAddCopy(NameOf(item.Target), name) : _tree.TryAdd(name, item.Kind == TarItemKind.Directory)) is not { } made)
            return false;
        try
        {
            foreach (var above in made)
                await stage.AddDirectoryAsync(above, _directoryMode, _given, cancellation);
            if (item.Kind is TarItemKind.File or TarItemKind.Symlink)
                await stage.AddAsync(name, item, cancellation);
            if (item.Kind == TarItemKind.HardLink)
                _copies.Add(item);
            return true;
        }
        catch (SftpException e)
        {
            throw await ExplainAsync(e, cancellation);
        }
    }

    private async Task FinishAsync(TarStage stage, CancellationToken cancellation)
    {
        try
        {
            await stage.FinishAsync(cancellation);
        }
        catch (SftpException e)
        {
            throw await ExplainAsync(e, cancellation);
        }
    }

    // While what was unpacked is still there: the disk may be full of it.
    private Task<Vms.FailureException> ExplainAsync(SftpException e, CancellationToken cancellation) =>
        FileFailures.ExplainWriteAsync(sftp, FilePath.In(directory, ""), e, cancellation);

    private static bool Fits((uint User, uint Group) numbers) => numbers is { User: <= LargestNumber, Group: <= LargestNumber };

    private string NameOf(string path) => path[(directory == "/" ? 1 : directory.Length + 1)..];
}
