using System.Formats.Tar;
using AutoProvision.HostTests.Support;
using AutoProvision.Ssh.Files;
using AutoProvision.Vms;

namespace AutoProvision.Ssh;

/// <summary>Directories as tar archives, over a real sshd, and as tar itself makes and reads them: what the guide promises, by each way that they go.</summary>
public abstract class ArchiveTests(SshdFixture sshd) : IClassFixture<SshdFixture>, IAsyncLifetime
{
    private protected const int Limit = 120_000;

    private protected SftpDirectory There { get; } = new(sshd);

    private protected abstract GuestPrograms? Programs { get; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await There.ReconnectAsync();

    public async ValueTask DisposeAsync()
    {
        await There.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Trait(Needs.Name, Needs.Root)]
    [Fact(Timeout = Limit)]
    public async Task A_directory_comes_as_an_archive_that_tar_unpacks_to_the_same()
    {
        await There.MakeTreeAsync("tree");
        var archive = There.At("tree.tar");
        await using (var file = File.Create(archive))
            await ReadAsync("tree", file);
        Directory.CreateDirectory(There.At("copy"));
        await Tool.OutputAsync("tar", "-xpf", archive, "-C", There.At("copy"));

        Assert.Equal(await DescribeAsync("tree"), await DescribeAsync("copy"));
    }

    [Trait(Needs.Name, Needs.Root)]
    [Theory(Timeout = Limit)]
    [InlineData("pax")]
    [InlineData("gnu")]
    [InlineData("ustar")]
    [InlineData("v7")]
    public async Task An_archive_of_tar_is_unpacked_to_the_same(string format)
    {
        await There.MakeTreeAsync("tree");
        await Tool.OutputAsync("tar", $"--format={format}", "-cf", There.At("tree.tar"), "-C", There.At("tree"), ".");
        await using var sftp = await There.ConnectAsync();
        await using var archive = File.OpenRead(There.At("tree.tar"));

        Assert.True(await new RemoteFiles(sftp, "root", Programs).UnpackAsync(SftpDirectory.Order(There.At("copy")), FilePath.Temporary(), archive, Cancellation));

        Assert.Equal(await DescribeAsync("tree"), await DescribeAsync("copy"));
    }

    [Trait(Needs.Name, Needs.Root)]
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
        Directory.CreateDirectory(There.At("outside"));
        await File.WriteAllTextAsync(There.At("outside/secret"), "secret", Cancellation);
        await Tool.OutputAsync("chmod", "0700", There.At("outside"));
        var before = await DescribeAllAsync("outside");

        var failure = await Assert.ThrowsAsync<FailureException>(() => UnpackAsync([$"SymbolicLink link {There.At("outside")}", "Directory deep/", "SymbolicLink deep/link ../../outside", last]));

        Assert.Equal("tar_invalid", failure.Code);
        Assert.Equal(before, await DescribeAllAsync("outside"));
        Assert.False(File.Exists(There.At("inside/copy")));
    }

    [Trait(Needs.Name, Needs.Root)]
    [Fact(Timeout = Limit)]
    public async Task An_archive_goes_through_links_that_stay_inside_and_keeps_a_second_name_of_a_link()
    {
        Directory.CreateDirectory(There.At("inside/usr/bin"));
        File.CreateSymbolicLink(There.At("inside/bin"), "usr/bin");

        await UnpackAsync(["RegularFile bin/f", "SymbolicLink l /nowhere", "HardLink l2 l"]);

        Assert.True(File.Exists(There.At("inside/usr/bin/f")));
        Assert.Equal(("usr/bin", "/nowhere"), (new FileInfo(There.At("inside/bin")).LinkTarget, new FileInfo(There.At("inside/l2")).LinkTarget));
    }

    /// <summary>The modes of directories are set last, when the link that was one of them may lead elsewhere.</summary>
    [Trait(Needs.Name, Needs.Root)]
    [Theory(Timeout = Limit)]
    [InlineData("Directory b", "SymbolicLink a b", "Directory a", "SymbolicLink a ../outside")]
    [InlineData("Directory b/x", "SymbolicLink a b", "Directory a/x", "SymbolicLink a ../outside")]
    public async Task A_link_that_is_replaced_gives_its_mode_to_nothing_outside(params string[] entries)
    {
        Directory.CreateDirectory(There.At("outside/x"));
        await Tool.OutputAsync("chmod", "0700", There.At("outside"), There.At("outside/x"));
        var before = await DescribeAllAsync("outside");

        var failure = await Assert.ThrowsAsync<FailureException>(() => UnpackAsync(entries));

        Assert.Equal("tar_invalid", failure.Code);
        Assert.Equal(before, await DescribeAllAsync("outside"));
    }

    /// <summary>Files of /sys say 4096 bytes and hold fewer.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_directory_whose_files_are_shorter_than_they_say_is_an_archive_that_tar_reads()
    {
        await using var sftp = await There.ConnectAsync();
        await using (var file = File.Create(There.At("sys.tar")))
        await using (var directory = await new RemoteFiles(sftp, "root", Programs).OpenAsync("/sys/module/kernel/parameters", CancellationToken.None, Cancellation))
            await directory.WriteTarAsync(file, Cancellation);

        Assert.Contains(" 4096 ", await Tool.OutputAsync("tar", "-tvf", There.At("sys.tar")), StringComparison.Ordinal);
    }

    [Trait(Needs.Name, Needs.Root)]
    [Fact(Timeout = Limit)]
    public async Task An_archive_is_unpacked_into_what_is_there_and_leaves_nothing_else()
    {
        Directory.CreateDirectory(There.At("inside/a/kept"));
        foreach (var name in (string[])["inside/a/old", "inside/a/kept/f", "inside/link-to-be"])
            await File.WriteAllTextAsync(There.At(name), "old", Cancellation);
        await Tool.OutputAsync("chown", "1234:50", There.At("inside/a"));
        await Tool.OutputAsync("chmod", "0711", There.At("inside/a"));

        await UnpackAsync(["RegularFile a/old", "RegularFile a/new/deep/f", "Directory b", "RegularFile b/f", "SymbolicLink link-to-be a/old"]);

        Assert.Equal("""
            a d 711 1234:50
            a/kept d 755 0:0
            a/kept/f f 644 0:0
            a/new d 755 1234:50
            a/new/deep d 755 1234:50
            a/new/deep/f f 644 0:0
            a/old f 644 0:0
            b d 755 0:0
            b/f f 644 0:0
            link-to-be l 777 0:0 a/old

            """, await ListAsync("inside"));
        Assert.Equal(("content", "old"), (await File.ReadAllTextAsync(There.At("inside/a/old"), Cancellation), await File.ReadAllTextAsync(There.At("inside/a/kept/f"), Cancellation)));
    }

    [Trait(Needs.Name, Needs.Root)]
    [Fact(Timeout = Limit)]
    public async Task An_owner_owns_all_of_an_archive_and_the_directories_that_it_only_implies()
    {
        await UnpackAsync(["RegularFile a/b/f", "SymbolicLink a/l f", "Directory d"], owner: "1234:50");

        Assert.Equal("a d 755 1234:50\na/b d 755 1234:50\na/b/f f 644 1234:50\na/l l 777 1234:50 f\nd d 755 1234:50\n", await ListAsync("inside"));
    }

    [Trait(Needs.Name, Needs.Root)]
    [Fact(Timeout = Limit)]
    public async Task Users_and_groups_are_found_by_name_and_else_by_number_however_large()
    {
        await UnpackAsync([
            new PaxTarEntry(TarEntryType.RegularFile, "named") { UserName = "daemon", GroupName = "staff", Uid = 4321, Gid = 4321 },
            new PaxTarEntry(TarEntryType.RegularFile, "unknown") { UserName = "nobody-has-it", GroupName = "nobody-has-it", Uid = 4321, Gid = 4322 },
            new PaxTarEntry(TarEntryType.RegularFile, "large") { Uid = 2_000_000_000, Gid = 2_000_000_001 },
            new PaxTarEntry(TarEntryType.RegularFile, "after") { Uid = 4321, Gid = 4321 }]);

        Assert.Equal("after f 644 4321:4321\nlarge f 644 2000000000:2000000001\nnamed f 644 1:50\nunknown f 644 4321:4322\n", await ListAsync("inside"));
    }

    [Theory(Timeout = Limit)]
    [InlineData("file_is_directory", "Directory d", "RegularFile d")]
    [InlineData("file_is_directory", "RegularFile there")]
    [InlineData("file_is_directory", "SymbolicLink there x")]
    [InlineData("not_a_directory", "RegularFile f", "RegularFile f/x")]
    [InlineData("not_a_directory", "RegularFile f", "Directory f")]
    [InlineData("not_a_directory", "RegularFile other/x")]
    [InlineData("tar_invalid", "RegularFile a", "RegularFile ../x")]
    [InlineData("tar_invalid", "RegularFile a", "RegularFile a/../../x")]
    [InlineData("tar_invalid", "RegularFile a", "HardLink b ../other")]
    [InlineData("tar_invalid", "RegularFile a", "Fifo b")]
    [InlineData("tar_invalid", "RegularFile a", "BlockDevice b")]
    [InlineData("tar_invalid", "RegularFile a", "CharacterDevice b")]
    public async Task What_is_refused_of_an_archive_replaces_nothing_and_leaves_no_file_by_half(string code, params string[] entries)
    {
        Directory.CreateDirectory(There.At("inside/there"));
        await File.WriteAllTextAsync(There.At("inside/there/kept"), "old", Cancellation);
        await File.WriteAllTextAsync(There.At("inside/other"), "old", Cancellation);

        var failure = await Assert.ThrowsAsync<FailureException>(() => UnpackAsync(entries));

        Assert.Equal(code, failure.Code);
        Assert.Equal(("old", "old"), (await File.ReadAllTextAsync(There.At("inside/there/kept"), Cancellation), await File.ReadAllTextAsync(There.At("inside/other"), Cancellation)));
        Assert.DoesNotContain(Directory.GetFileSystemEntries(There.Root.FullName, "*", SearchOption.AllDirectories), path => path.Contains(".autoprovision-", StringComparison.Ordinal));
        Assert.False(File.Exists(There.At("x")));
        if (File.Exists(There.At("inside/a")))
            Assert.Equal("content", await File.ReadAllTextAsync(There.At("inside/a"), Cancellation));
    }

    [Fact(Timeout = Limit)]
    public async Task Hard_links_become_copies_of_files_of_the_archive_and_of_the_guest()
    {
        Directory.CreateDirectory(There.At("inside"));
        await File.WriteAllTextAsync(There.At("inside/old"), "old", Cancellation);

        await UnpackAsync(["RegularFile a", "HardLink new/b a", "HardLink c old", "RegularFile new/d", "RegularFile old"]);

        Assert.Equal(("content", "old", "content"), (await TextAsync("inside/new/b"), await TextAsync("inside/c"), await TextAsync("inside/old")));
        Assert.DoesNotContain(" 2\n", await Tool.OutputAsync("find", There.At("inside"), "-type", "f", "-printf", "%P %n\\n"), StringComparison.Ordinal);
    }

    /// <summary>One after the other: a later one of the same name replaces the earlier, a link is gone through once it is there.</summary>
    [Fact(Timeout = Limit)]
    public async Task The_entries_of_an_archive_have_their_effect_in_their_order()
    {
        await UnpackAsync([Text("f", "one"), Text("f", "two"), Text("sub/x", "x"), new PaxTarEntry(TarEntryType.SymbolicLink, "to") { LinkName = "sub" }, Text("to/y", "y"),
            new PaxTarEntry(TarEntryType.SymbolicLink, "g") { LinkName = "f" }, Text("g", "three"), .. Enumerable.Range(0, 30).SelectMany(i => (TarEntry[])[Text("often", $"{i}"), Text($"sub/{i}", "")])]);

        Assert.Equal(("two", "y", "three", "29"), (await TextAsync("inside/f"), await TextAsync("inside/sub/y"), await TextAsync("inside/g"), await TextAsync("inside/often")));
        Assert.Equal(32, Directory.GetFiles(There.At("inside/sub")).Length);
    }

    /// <summary>Be it a few files or very many.</summary>
    [Trait(Needs.Name, Needs.Root)]
    [Theory(Timeout = Limit)]
    [InlineData(0)]
    [InlineData(150)]
    public async Task Directories_that_are_there_keep_what_the_archive_does_not_replace(int more)
    {
        foreach (var directory in (string[])["d/sub", "d/only", "target"])
            Directory.CreateDirectory(There.At($"inside/{directory}"));
        foreach (var file in (string[])["d/f", "d/.hidden", "d/kept", "d/sub/x", "top"])
            await File.WriteAllTextAsync(There.At($"inside/{file}"), "old", Cancellation);
        await File.WriteAllTextAsync(There.At("outside"), "old", Cancellation);
        File.CreateSymbolicLink(There.At("inside/d/link"), There.At("outside"));
        File.CreateSymbolicLink(There.At("inside/d/over"), There.At("outside"));
        await Tool.OutputAsync("chown", "1234:50", There.At("inside/d"), There.At("inside/d/sub"));
        await Tool.OutputAsync("chmod", "0750", There.At("inside/d"));

        await UnpackAsync([Text("d/f", "new"), Text("d/.hidden", "new"), Text("d/..two", "new"), Text("d/link", "new"), new PaxTarEntry(TarEntryType.SymbolicLink, "d/over") { LinkName = "f" },
            Text("d/sub/y", "new"), Text("d/made/deep/z", "new"), Text("top", "new"), Text(".dot", "new"), .. Enumerable.Range(0, more).Select(i => Text($"many{i}", ""))]);

        Assert.Equal("""
            .dot f 644 0:0
            d d 750 1234:50
            d/..two f 644 0:0
            d/.hidden f 644 0:0
            d/f f 644 0:0
            d/kept f 644 0:0
            d/link f 644 0:0
            d/made d 755 1234:50
            d/made/deep d 755 1234:50
            d/made/deep/z f 644 0:0
            d/only d 755 0:0
            d/over l 777 0:0 f
            d/sub d 755 1234:50
            d/sub/x f 644 0:0
            d/sub/y f 644 0:0
            target d 755 0:0
            top f 644 0:0

            """, string.Join('\n', (await ListAsync("inside")).Split('\n').Where(line => !line.StartsWith("many", StringComparison.Ordinal))));
        foreach (var (file, text) in (IEnumerable<(string, string)>)[("d/f", "new"), ("d/.hidden", "new"), ("d/link", "new"), ("d/sub/y", "new"), ("top", "new"), ("d/kept", "old"), ("d/sub/x", "old")])
            Assert.Equal(text, await TextAsync($"inside/{file}"));
        Assert.Equal("old", await TextAsync("outside"));
        Assert.Equal(more, Directory.GetFiles(There.At("inside"), "many*").Length);
        Assert.DoesNotContain(" 2\n", await Tool.OutputAsync("find", There.At("inside"), "-type", "f", "-printf", "%P %n\\n"), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task Of_an_archive_that_ends_too_early_no_file_is_there_by_half()
    {
        var archive = await ArchiveAsync([Text("a", "content"), Text("b", new string('x', 100_000))]);

        var failure = await Assert.ThrowsAsync<FailureException>(() => UnpackAsync(new MemoryStream(archive[..50_000])));

        Assert.Equal("tar_invalid", failure.Code);
        Assert.False(File.Exists(There.At("inside/b")));
        Assert.DoesNotContain(Directory.GetFileSystemEntries(There.At("inside")), path => path.Contains(".autoprovision-", StringComparison.Ordinal));
    }

    [Fact(Timeout = Limit)]
    public async Task What_is_cut_off_by_its_caller_leaves_nothing_by_half_and_no_process()
    {
        using var caller = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var archive = new System.IO.Pipelines.Pipe(new System.IO.Pipelines.PipeOptions(pauseWriterThreshold: 0));
        var bytes = await ArchiveAsync([Text("a", "content"), Text("b", new string('x', 4_000_000))]);
        await archive.Writer.WriteAsync(bytes.AsMemory(0, 3_000_000), Cancellation);
        var unpacking = UnpackAsync(archive.Reader.AsStream(), cancellation: caller.Token);
        await HostProcesses.UntilAsync(() => Directory.Exists(There.At("inside")) && Directory.GetFiles(There.At("inside"), "*", SearchOption.AllDirectories).Any(file => new FileInfo(file) is { Exists: true, Length: > 1_000_000 }), "half of it is there");

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => unpacking);
        await HostProcesses.UntilAsync(() => Directory.GetFileSystemEntries(There.At("inside"), ".autoprovision-*").Length == 0, "what was begun is gone");
        Assert.False(File.Exists(There.At("inside/b")));
    }

    [Trait(Needs.Name, Needs.Root)]
    [Fact(Timeout = Limit)]
    public async Task An_archive_that_fills_the_disk_has_a_code_and_leaves_nothing_by_half()
    {
        await using var disk = await SmallDisk.MountAsync(16);
        await File.WriteAllTextAsync(Path.Combine(disk.Directory, "b"), "old", Cancellation);
        var archive = await ArchiveAsync([Text("a", "content"), Text("b", new string('x', 30_000_000)), Text("c", "content")]);

        var failure = await Assert.ThrowsAsync<FailureException>(() => UnpackAsync(new MemoryStream(archive), SftpDirectory.Order(disk.Directory), Cancellation));

        Assert.Equal("guest_disk_full", failure.Code);
        Assert.Equal("old", await File.ReadAllTextAsync(Path.Combine(disk.Directory, "b"), Cancellation));
        Assert.Empty(Directory.GetFileSystemEntries(disk.Directory, ".*"));
    }

    [Trait(Needs.Name, Needs.Root)]
    [Fact(Timeout = Limit)]
    public async Task What_lies_on_a_disk_that_is_mounted_below_comes_there_too()
    {
        await using var disk = await SmallDisk.MountAsync(16);
        await File.WriteAllTextAsync(Path.Combine(disk.Directory, "f"), "old", Cancellation);
        var archive = await ArchiveAsync([Text("mounted/f", "content"), Text("mounted/new/g", "content"), new PaxTarEntry(TarEntryType.SymbolicLink, "mounted/new/l") { LinkName = "g" },
            new PaxTarEntry(TarEntryType.RegularFile, "mounted/mode") { Mode = (UnixFileMode)0b100_111_101_001, Uid = 4321, Gid = 50 }]);

        await UnpackAsync(new MemoryStream(archive), SftpDirectory.Order(Path.GetDirectoryName(disk.Directory)!), Cancellation);

        Assert.Equal("f f 644 0:0\nmode f 4751 4321:50\nnew d 755 0:0\nnew/g f 644 0:0\nnew/l l 777 0:0 g\n", string.Join('\n', (await ListAsync(disk.Directory)).Split('\n').Where(line => !line.StartsWith("lost+found", StringComparison.Ordinal))));
        Assert.Equal("content", await File.ReadAllTextAsync(Path.Combine(disk.Directory, "f"), Cancellation));
        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(disk.Directory)!, ".*"));
    }

    [Fact(Timeout = Limit)]
    public async Task Pipes_and_sockets_are_left_out_of_an_archive_and_each_name_of_a_file_is_a_file()
    {
        Directory.CreateDirectory(There.At("tree/sub"));
        await File.WriteAllTextAsync(There.At("tree/a"), "content", Cancellation);
        await Tool.OutputAsync("ln", There.At("tree/a"), There.At("tree/sub/b"));
        await Tool.OutputAsync("mkfifo", There.At("tree/fifo"));
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(There.At("tree/socket")));

        var archive = new MemoryStream();
        await ReadAsync("tree", archive);

        archive.Position = 0;
        await using var entries = new TarReader(archive);
        var found = new List<string>();
        while (await entries.GetNextEntryAsync(copyData: true, Cancellation) is { } entry)
            found.Add($"{entry.EntryType} {entry.Name} {entry.Length}");
        Assert.Equal(["Directory ./ 0", "Directory sub/ 0", "RegularFile a 7", "RegularFile sub/b 7"], found.Order(StringComparer.Ordinal));
    }

    [Fact(Timeout = Limit)]
    public async Task A_directory_goes_with_all_that_is_in_it_and_what_its_links_lead_to_stays()
    {
        Directory.CreateDirectory(There.At("outside"));
        await File.WriteAllTextAsync(There.At("outside/kept"), "kept", Cancellation);
        Directory.CreateDirectory(There.At("-gone/a b/c"));
        await File.WriteAllTextAsync(There.At("-gone/a b/c/'f"), "", Cancellation);
        File.CreateSymbolicLink(There.At("-gone/link"), There.At("outside"));
        await Tool.OutputAsync("chmod", "0500", There.At("-gone/a b"));
        await using var sftp = await There.ConnectAsync();

        await new RemoteFiles(sftp, "root", Programs).DeleteAsync(SftpDirectory.Order(There.At("-gone")) with { Recursive = true }, Cancellation);

        Assert.False(Directory.Exists(There.At("-gone")));
        Assert.Equal("kept", await TextAsync("outside/kept"));
    }

    private protected async Task ReadAsync(string name, Stream archive)
    {
        await using var sftp = await There.ConnectAsync();
        await using var directory = await new RemoteFiles(sftp, "root", Programs).OpenAsync(There.At(name), CancellationToken.None, Cancellation);
        await directory.WriteTarAsync(archive, Cancellation);
    }

    /// <summary>Unpacks an archive of such entries into "inside".</summary>
    private Task UnpackAsync(params string[] entries) => UnpackAsync(entries, null);

    private Task UnpackAsync(string[] entries, string? owner) => UnpackAsync([.. entries.Select(entry => Entry(entry.Split(' ')))], owner);

    private protected async Task UnpackAsync(TarEntry[] entries, string? owner = null) => await UnpackAsync(new MemoryStream(await ArchiveAsync(entries)), owner);

    private Task UnpackAsync(Stream archive, string? owner = null, CancellationToken? cancellation = null) => UnpackAsync(archive, SftpDirectory.Order(There.At("inside")) with { Owner = owner }, cancellation ?? Cancellation);

    private async Task UnpackAsync(Stream archive, GuestFileOrder order, CancellationToken cancellation)
    {
        var temporary = FilePath.Temporary();
        await using var sftp = await There.ConnectAsync(SftpCommand.WithSweep(order.Path, temporary));
        await new RemoteFiles(sftp, "root", Programs).UnpackAsync(order, temporary, archive, cancellation);
    }

    private static async Task<byte[]> ArchiveAsync(TarEntry[] entries)
    {
        using var archive = new MemoryStream();
        await using (var writer = new TarWriter(archive, leaveOpen: true))
            foreach (var entry in entries)
                await writer.WriteEntryAsync(entry, Cancellation);
        return archive.ToArray();
    }

    private protected static PaxTarEntry Text(string name, string text) => new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text)) };

    private static PaxTarEntry Entry(string[] words)
    {
        var entry = words[0] == "RegularFile" ? Text(words[1], "content") : new PaxTarEntry(Enum.Parse<TarEntryType>(words[0]), words[1]);
        if (words.Length > 2)
            entry.LinkName = words[2];
        else if (entry.EntryType == TarEntryType.SymbolicLink)
            entry.LinkName = "anything";
        return entry;
    }

    private Task<string> TextAsync(string name) => File.ReadAllTextAsync(There.At(name), Cancellation);

    private Task<string> DescribeAllAsync(string name) => Tool.OutputAsync("find", There.At(name), "-printf", "%P %y %m %U:%G %l %C@\\n");

    /// <summary>Names, types, modes, owners and link targets.</summary>
    private Task<string> ListAsync(string name) => Tool.OutputAsync("sh", "-c", "cd \"$1\" && find . ! -name . -printf '%P %y %m %U:%G %l\\n' | sed 's/ $//' | LC_ALL=C sort", "sh", There.At(name));

    /// <summary>Names, types, modes, owners, link targets and checksums; times of files and directories.</summary>
    private async Task<string> DescribeAsync(string name) => await Tool.OutputAsync("sh", "-c",
        "cd \"$1\" && find . ! -name . -printf '%P %y %m %U:%G %l\\n' | sort && find sub -printf '%P %T@\\n' | sort && find . -type f -exec sha256sum {} + | sort", "sh", There.At(name));
}
