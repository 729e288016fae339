using AutoProvision.HostTests.Support;
using AutoProvision.Ssh.Files;
using AutoProvision.Vms;

namespace AutoProvision.Ssh;

/// <summary>A directory behind a real sshd, and its files over SFTP.</summary>
internal sealed class SftpDirectory(SshdFixture sshd) : IAsyncDisposable
{
    private readonly SshConnector _connector = SshdFixture.Connector();

    public DirectoryInfo Root { get; } = Directory.CreateTempSubdirectory("autoprovision-files-");

    public ISshConnection Connection { get; private set; } = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Connects for the first time, or after a test ended the connection.</summary>
    public async Task ReconnectAsync() => Connection = await _connector.ConnectAsync(sshd.Target, Cancellation);

    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        await _connector.DisposeAsync();
        Root.Delete(recursive: true);
    }

    public string At(string name) => Path.Combine(Root.FullName, name);

    public static GuestFileOrder Order(string path) => new(path, null, null, Parents: false, Recursive: false);

    public async Task<Sftp> ConnectAsync(GuestScript? script = null) => await ConnectAsync((script ?? SftpCommand.Plain).ByUser());

    public async Task<Sftp> ConnectAsync(string command) =>
        await Sftp.OpenAsync(await Connection.OpenAsync(command, Cancellation), TimeProvider.System, Cancellation);

    /// <summary>The guest's own tar and rm.</summary>
    public GuestPrograms Programs(int mostStaged = TarTree.Most) =>
        new((script, cancellation) => Connection.OpenAsync(script.ByUser(), cancellation), TimeProvider.System) { MostStaged = mostStaged };

    public Task<bool> WriteAsync(string path, byte[] bytes, Func<GuestFileQuery, GuestFileQuery>? more = null) => WriteAsync(path, new MemoryStream(bytes), more);

    public async Task<bool> WriteAsync(string path, Stream content, Func<GuestFileQuery, GuestFileQuery>? more = null)
    {
        var query = new GuestFileQuery { Path = path };
        var temporary = FilePath.Temporary();
        await using var sftp = await ConnectAsync(SftpCommand.WithCleanUp(path, temporary));
        return await new RemoteFiles(sftp, "root").WriteAsync((more?.Invoke(query) ?? query).Read(mayBeRoot: false), temporary, content, Cancellation);
    }

    public async Task<byte[]> ReadAsync(string path)
    {
        await using var sftp = await ConnectAsync();
        await using var file = await new RemoteFiles(sftp, "root").OpenAsync(path, CancellationToken.None, Cancellation);
        var bytes = new MemoryStream();
        await file.Content!.CopyToAsync(bytes, Cancellation);
        return bytes.ToArray();
    }

    public async Task MakeTreeAsync(string name)
    {
        Directory.CreateDirectory(At($"{name}/sub/empty"));
        await File.WriteAllTextAsync(At($"{name}/sub/größe und so"), new string('x', 100_000), Cancellation);
        await File.WriteAllTextAsync(At($"{name}/two\nlines"), "", Cancellation);
        File.CreateSymbolicLink(At($"{name}/link"), "sub/größe und so");
        File.CreateSymbolicLink(At($"{name}/dangling"), "/nowhere");
        await Tool.OutputAsync("chown", "-h", "1234:50", At($"{name}/link"), At($"{name}/two\nlines"));
        await Tool.OutputAsync("chmod", "4751", At($"{name}/two\nlines"));
        await Tool.OutputAsync("chmod", "0500", At($"{name}/sub"));
        await Tool.OutputAsync("touch", "-d", "2001-02-03T04:05:06Z", At($"{name}/sub/größe und so"), At($"{name}/sub/empty"), At($"{name}/sub"));
    }
}
