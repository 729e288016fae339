using System.Formats.Tar;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using AutoProvision.HostTests.Support;
using AutoProvision.Ssh.Files;
using AutoProvision.Vms;

namespace AutoProvision.Ssh;

/// <summary>Files over a real sshd and its SFTP server, as root.</summary>
public sealed class SftpTests(SshdFixture sshd) : IClassFixture<SshdFixture>, IAsyncLifetime
{
    private const int Limit = 120_000;
    private readonly SshConnector _connector = SshdFixture.Connector();
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("autoprovision-files-");
    private ISshConnection _connection = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _connection = await _connector.ConnectAsync(sshd.Target, Cancellation);

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _connector.DisposeAsync();
        _root.Delete(recursive: true);
    }

    [Theory(Timeout = Limit)]
    [InlineData("plain")]
    [InlineData("a b  c")]
    [InlineData("-rf")]
    [InlineData("it's \"so\" $(touch x) `y` \\ *")]
    [InlineData("two\nlines")]
    [InlineData("größe-\u65e5\u672c")]
    public async Task A_file_of_any_name_goes_there_and_back(string name)
    {
        var path = At(name);
        Assert.True(await WriteAsync(path, [1, 2, 3], query => query with { Mode = "4750", Owner = "1234:50" }));

        Assert.Equal([1, 2, 3], await ReadAsync(path));
        Assert.Equal("4750 1234 50\n", await Tool.OutputAsync("stat", "-c", "%a %u %g", path));
        Assert.False(await WriteAsync(path, []));
        Assert.Equal("4750 1234 50 0\n", await Tool.OutputAsync("stat", "-c", "%a %u %g %s", path));
        Assert.Equal([name], _root.GetFileSystemInfos().Select(entry => entry.Name));
    }

    [Fact(Timeout = Limit)]
    public async Task Two_hundred_megabytes_have_the_same_checksum_there_and_back()
    {
        var length = 200L * 1024 * 1024;
        var sent = new RandomStream(length);
        await WriteAsync(At("large"), sent);
        await using var sftp = await ConnectAsync();
        await using var file = await new RemoteFiles(sftp, "root").OpenAsync(At("large"), CancellationToken.None, Cancellation);

        var received = await SHA256.HashDataAsync(file.Content!, Cancellation);

        Assert.Equal(length, file.Content!.Length);
        Assert.Equal(sent.Hash(), received);
        await using var there = File.OpenRead(At("large"));
        Assert.Equal(received, await SHA256.HashDataAsync(there, Cancellation));
    }

    [Fact(Timeout = Limit)]
    public async Task A_file_of_proc_is_read_to_its_end() =>
        Assert.Equal(await File.ReadAllTextAsync("/proc/version", Cancellation), Encoding.UTF8.GetString(await ReadAsync("/proc/version")));

    [Fact(Timeout = Limit)]
    public async Task A_symbolic_link_is_written_through()
    {
        Directory.CreateDirectory(At("real"));
        await File.WriteAllTextAsync(At("real/f"), "old", Cancellation);
        File.CreateSymbolicLink(At("link"), "real/f");

        await WriteAsync(At("link"), Encoding.UTF8.GetBytes("new"));

        Assert.Equal(("real/f", "new"), (new FileInfo(At("link")).LinkTarget, await File.ReadAllTextAsync(At("real/f"), Cancellation)));
        Assert.Single(Directory.GetFileSystemEntries(At("real")));
    }

    [Fact(Timeout = Limit)]
    public async Task An_upload_that_fails_in_the_middle_leaves_the_old_file_alone()
    {
        await File.WriteAllTextAsync(At("f"), "old", Cancellation);

        await Assert.ThrowsAsync<IOException>(() => WriteAsync(At("f"), new RandomStream(5_000_000) { BreaksAt = 3_000_000 }));

        Assert.Equal("old", await File.ReadAllTextAsync(At("f"), Cancellation));
        Assert.Single(_root.GetFileSystemInfos());
    }

    [Fact(Timeout = Limit)]
    public async Task The_guest_itself_removes_what_a_lost_connection_leaves()
    {
        await File.WriteAllTextAsync(At("f"), "old", Cancellation);
        File.CreateSymbolicLink(At("link"), "f");
        var content = new RandomStream(long.MaxValue) { HoldsAt = 3_000_000 };
        var writing = WriteAsync(At("link"), content);
        await content.Held;
        await HostProcesses.UntilAsync(() => _root.GetFiles(".autoprovision-*").Length == 1, "the unfinished file is there");

        await _connection.DisposeAsync();
        content.Release();

        await Assert.ThrowsAsync<SftpEndedException>(() => writing);
        await HostProcesses.UntilAsync(() => _root.GetFileSystemInfos().Length == 2, "it is gone");
        Assert.Equal("old", await File.ReadAllTextAsync(At("f"), Cancellation));
        _connection = await _connector.ConnectAsync(sshd.Target, Cancellation);
    }

    [Fact(Timeout = Limit)]
    public async Task The_guest_itself_removes_what_a_lost_connection_leaves_of_an_archive()
    {
        Directory.CreateDirectory(At("d"));
        var temporary = FilePath.Temporary();
        var header = new MemoryStream();
        await using (var writer = new TarWriter(header, leaveOpen: true))
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "sub/f") { DataStream = new MemoryStream(new byte[4_000_000]) }, Cancellation);
        var archive = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await archive.Writer.WriteAsync(header.ToArray().AsMemory(0, 3_000_000), Cancellation);
        var sftp = await ConnectAsync(SftpCommand.WithSweep(At("d"), temporary));
        var unpacking = new RemoteFiles(sftp, "root").UnpackAsync(Order(At("d")), temporary, archive.Reader.AsStream(), Cancellation);
        await HostProcesses.UntilAsync(() => Directory.GetFiles(At("d"), temporary, SearchOption.AllDirectories).Length == 1, "the unfinished file is there");

        await _connection.DisposeAsync();
        await archive.Writer.WriteAsync(header.ToArray().AsMemory(3_000_000), Cancellation);
        await archive.Writer.CompleteAsync();

        await Assert.ThrowsAsync<SftpEndedException>(() => unpacking);
        await sftp.DisposeAsync();
        await HostProcesses.UntilAsync(() => Directory.GetFiles(At("d"), "*", SearchOption.AllDirectories).Length == 0, "it is gone");
        Assert.True(Directory.Exists(At("d/sub")));
        _connection = await _connector.ConnectAsync(sshd.Target, Cancellation);
    }

    [Fact(Timeout = Limit)]
    public async Task A_full_disk_has_its_own_code_and_keeps_the_old_file()
    {
        await using var disk = await SmallDisk.MountAsync(16);
        var path = Path.Combine(disk.Directory, "f");
        await File.WriteAllTextAsync(path, "old", Cancellation);

        var failure = await Assert.ThrowsAsync<FailureException>(() => WriteAsync(path, new RandomStream(64 * 1024 * 1024)));

        Assert.Equal("guest_disk_full", failure.Code);
        Assert.Equal("old", await File.ReadAllTextAsync(path, Cancellation));
        Assert.Empty(Directory.GetFiles(disk.Directory, ".*"));
        await WriteAsync(path, [1]);
    }

    [Fact(Timeout = Limit)]
    public async Task A_directory_comes_as_an_archive_that_tar_unpacks_to_the_same()
    {
        await MakeTreeAsync("tree");
        var archive = At("tree.tar");
        await using (var file = File.Create(archive))
        {
            await using var sftp = await ConnectAsync();
            await using var directory = await new RemoteFiles(sftp, "root").OpenAsync(At("tree"), CancellationToken.None, Cancellation);
            await directory.WriteTarAsync(file, Cancellation);
        }
        Directory.CreateDirectory(At("copy"));
        await Tool.OutputAsync("tar", "-xpf", archive, "-C", At("copy"));

        Assert.Equal(await DescribeAsync("tree"), await DescribeAsync("copy"));
    }

    [Theory(Timeout = Limit)]
    [InlineData("pax")]
    [InlineData("gnu")]
    [InlineData("ustar")]
    public async Task An_archive_of_tar_is_unpacked_to_the_same(string format)
    {
        await MakeTreeAsync("tree");
        await Tool.OutputAsync("tar", $"--format={format}", "-cf", At("tree.tar"), "-C", At("tree"), ".");
        await using var sftp = await ConnectAsync();
        await using var archive = File.OpenRead(At("tree.tar"));

        Assert.True(await new RemoteFiles(sftp, "root").UnpackAsync(Order(At("copy")), FilePath.Temporary(), archive, Cancellation));

        Assert.Equal(await DescribeAsync("tree"), await DescribeAsync("copy"));
    }

    [Theory(Timeout = Limit)]
    [InlineData("RegularFile link/f")]
    [InlineData("RegularFile link/new/f")]
    [InlineData("RegularFile deep/link/f")]
    [InlineData("Directory link/")]
    [InlineData("Directory link/new/")]
    [InlineData("SymbolicLink link/f")]
    [InlineData("HardLink copy link/secret")]
    [InlineData("HardLink copy deep/link/secret")]
    public async Task An_archive_reaches_nothing_outside_of_its_directory_through_a_link(string last)
    {
        Directory.CreateDirectory(At("outside"));
        await File.WriteAllTextAsync(At("outside/secret"), "secret", Cancellation);
        await Tool.OutputAsync("chmod", "0700", At("outside"));
        var before = await DescribeAllAsync("outside");
        using var archive = new MemoryStream();
        await using (var writer = new TarWriter(archive, leaveOpen: true))
        {
            foreach (var entry in (string[])[$"SymbolicLink link {At("outside")}", "Directory deep/", "SymbolicLink deep/link ../../outside", last])
                await writer.WriteEntryAsync(Entry(entry.Split(' ')), Cancellation);
        }
        archive.Position = 0;
        await using var sftp = await ConnectAsync();

        var failure = await Assert.ThrowsAsync<FailureException>(() => new RemoteFiles(sftp, "root").UnpackAsync(Order(At("inside")), FilePath.Temporary(), archive, Cancellation));

        Assert.Equal("tar_invalid", failure.Code);
        Assert.Equal(before, await DescribeAllAsync("outside"));
        Assert.False(File.Exists(At("inside/copy")));
    }

    [Fact(Timeout = Limit)]
    public async Task An_archive_goes_through_links_that_stay_inside_and_keeps_a_second_name_of_a_link()
    {
        Directory.CreateDirectory(At("inside/usr/bin"));
        File.CreateSymbolicLink(At("inside/bin"), "usr/bin");
        using var archive = new MemoryStream();
        await using (var writer = new TarWriter(archive, leaveOpen: true))
        {
            foreach (var entry in (string[])["RegularFile bin/f", "SymbolicLink l /nowhere", "HardLink l2 l"])
                await writer.WriteEntryAsync(Entry(entry.Split(' ')), Cancellation);
        }
        archive.Position = 0;
        await using var sftp = await ConnectAsync();

        await new RemoteFiles(sftp, "root").UnpackAsync(Order(At("inside")), FilePath.Temporary(), archive, Cancellation);

        Assert.True(File.Exists(At("inside/usr/bin/f")));
        Assert.Equal(("usr/bin", "/nowhere"), (new FileInfo(At("inside/bin")).LinkTarget, new FileInfo(At("inside/l2")).LinkTarget));
    }

    [Fact(Timeout = Limit)]
    public async Task A_directory_is_deleted_and_what_its_links_lead_to_stays()
    {
        await MakeTreeAsync("tree");
        Directory.CreateDirectory(At("other"));
        File.CreateSymbolicLink(At("tree/to-other"), At("other"));
        await using var sftp = await ConnectAsync();
        var files = new RemoteFiles(sftp, "root");

        Assert.Equal("directory_not_empty", (await Assert.ThrowsAsync<FailureException>(() => files.DeleteAsync(Order(At("tree")), Cancellation))).Code);
        await files.DeleteAsync(Order(At("tree")) with { Recursive = true }, Cancellation);

        Assert.Equal(["other"], _root.GetFileSystemInfos().Select(entry => entry.Name));
    }

    [Theory(Timeout = Limit)]
    [InlineData("exec /nowhere/sftp-server", "/nowhere/sftp-server")]
    [InlineData("echo Welcome to this guest; cat", "no SFTP server")]
    public async Task What_is_no_SFTP_server_is_told(string command, string evidence)
    {
        var ended = await Assert.ThrowsAsync<SftpEndedException>(() => ConnectAsync(command));

        Assert.Contains(evidence, ended.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task Further_sessions_wait_for_a_place_while_commands_go_on()
    {
        var sessions = new List<Sftp>();
        for (var number = 0; number < 4; number++)
            sessions.Add(await ConnectAsync());
        var fifth = ConnectAsync();
        Assert.Equal("go on\n", (await _connection.ExecAsync(new ExecRequest("echo go on"), Cancellation)).Stdout);
        Assert.False(fifth.IsCompleted);

        await sessions[0].DisposeAsync();

        sessions[0] = await fifth;
        foreach (var session in sessions)
            await session.DisposeAsync();
    }

    private static PaxTarEntry Entry(string[] words)
    {
        var entry = new PaxTarEntry(Enum.Parse<TarEntryType>(words[0]), words[1]);
        if (words.Length > 2)
            entry.LinkName = words[2];
        else if (entry.EntryType == TarEntryType.SymbolicLink)
            entry.LinkName = "anything";
        return entry;
    }

    private string At(string name) => Path.Combine(_root.FullName, name);

    private static GuestFileOrder Order(string path) => new(path, null, null, Parents: false, Recursive: false);

    private async Task<Sftp> ConnectAsync(string command = SftpCommand.Plain) =>
        await Sftp.OpenAsync(await _connection.OpenAsync(command, Cancellation), TimeProvider.System, Cancellation);

    private Task<bool> WriteAsync(string path, byte[] bytes, Func<GuestFileQuery, GuestFileQuery>? more = null) => WriteAsync(path, new MemoryStream(bytes), more);

    private async Task<bool> WriteAsync(string path, Stream content, Func<GuestFileQuery, GuestFileQuery>? more = null)
    {
        var query = new GuestFileQuery { Path = path };
        var temporary = FilePath.Temporary();
        await using var sftp = await ConnectAsync(SftpCommand.WithCleanUp(path, temporary));
        return await new RemoteFiles(sftp, "root").WriteAsync((more?.Invoke(query) ?? query).Read(mayBeRoot: false), temporary, content, Cancellation);
    }

    private async Task<byte[]> ReadAsync(string path)
    {
        await using var sftp = await ConnectAsync();
        await using var file = await new RemoteFiles(sftp, "root").OpenAsync(path, CancellationToken.None, Cancellation);
        var bytes = new MemoryStream();
        await file.Content!.CopyToAsync(bytes, Cancellation);
        return bytes.ToArray();
    }

    private async Task MakeTreeAsync(string name)
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

    private Task<string> DescribeAllAsync(string name) => Tool.OutputAsync("find", At(name), "-printf", "%P %y %m %U:%G %l %C@\\n");

    /// <summary>Names, types, modes, owners, link targets and checksums; times of files and directories.</summary>
    private async Task<string> DescribeAsync(string name) => await Tool.OutputAsync("sh", "-c",
        "cd \"$1\" && find . ! -name . -printf '%P %y %m %U:%G %l\\n' | sort && find sub -printf '%P %T@\\n' | sort && find . -type f -exec sha256sum {} + | sort", "sh", At(name));
}
