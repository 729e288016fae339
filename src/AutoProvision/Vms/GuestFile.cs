using AutoProvision.Ssh.Files;

namespace AutoProvision.Vms;

/// <summary>An open file or directory of a guest; disposing of it closes its session.</summary>
public sealed class GuestFile : IAsyncDisposable
{
    private readonly Sftp _sftp;
    private readonly AccountNames _names;
    private readonly SftpAttributes _attributes;
    private readonly string _path;
    private readonly CancellationToken _stopping;
    private readonly GuestPrograms? _programs;

    internal GuestFile(Sftp sftp, AccountNames names, string path, SftpAttributes attributes, Stream? content, CancellationToken stopping, GuestPrograms? programs = null)
    {
        (_sftp, _names, _path, _attributes, _stopping, _programs) = (sftp, names, path, attributes, stopping, programs);
        Content = content;
        Stat = GuestFileStat.From(FilePath.Name(path), attributes, names);
    }

    public GuestFileStat Stat { get; }

    /// <summary>A file's bytes; can seek where its length is known. Null for a directory.</summary>
    public Stream? Content { get; }

    /// <summary>Writes a directory as a tar archive, by the guest's own tar where it has one that can.</summary>
    public async Task WriteTarAsync(Stream archive, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _stopping);
        await using var tar = _programs is null ? null : await _programs.TryStartAsync(GuestCommand.Pack(_path), either.Token);
        if (tar is not null)
        {
            await new TarRelay(_sftp, _names, archive).CopyAsync(tar, _path, either.Token);
            return;
        }
        try
        {
            await new TarDownload(_sftp, _names, archive).WriteAsync(_path, _attributes, either.Token);
        }
        catch (SftpException e)
        {
            // Such as a file that may not be read.
            throw FileFailures.Explain(_path, e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Content is not null)
            await Content.DisposeAsync();
        await _sftp.DisposeAsync();
    }
}
