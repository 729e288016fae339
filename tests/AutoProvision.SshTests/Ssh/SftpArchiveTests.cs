using System.Formats.Tar;
using AutoProvision.HostTests.Support;
using AutoProvision.Ssh.Files;
using AutoProvision.Vms;

namespace AutoProvision.Ssh;

/// <summary>Directories as tar archives, over a real sshd, and as tar itself makes and reads them.</summary>
public sealed class SftpArchiveTests(SshdFixture sshd) : IClassFixture<SshdFixture>, IAsyncLifetime
{
    private const int Limit = 120_000;
    private readonly SftpDirectory _there = new(sshd);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _there.ReconnectAsync();

    public ValueTask DisposeAsync() => _there.DisposeAsync();

    [Trait(Needs.Name, Needs.Root)]
    [Fact(Timeout = Limit)]
    public async Task A_directory_comes_as_an_archive_that_tar_unpacks_to_the_same()
    {
        await _there.MakeTreeAsync("tree");
        var archive = _there.At("tree.tar");
        await using (var file = File.Create(archive))
        {
            await using var sftp = await _there.ConnectAsync();
            await using var directory = await new RemoteFiles(sftp, "root").OpenAsync(_there.At("tree"), CancellationToken.None, Cancellation);
            await directory.WriteTarAsync(file, Cancellation);
        }
        Directory.CreateDirectory(_there.At("copy"));
        await Tool.OutputAsync("tar", "-xpf", archive, "-C", _there.At("copy"));

        Assert.Equal(await DescribeAsync("tree"), await DescribeAsync("copy"));
    }

    [Trait(Needs.Name, Needs.Root)]
    [Theory(Timeout = Limit)]
    [InlineData("pax")]
    [InlineData("gnu")]
    [InlineData("ustar")]
    public async Task An_archive_of_tar_is_unpacked_to_the_same(string format)
    {
        await _there.MakeTreeAsync("tree");
        await Tool.OutputAsync("tar", $"--format={format}", "-cf", _there.At("tree.tar"), "-C", _there.At("tree"), ".");
        await using var sftp = await _there.ConnectAsync();
        await using var archive = File.OpenRead(_there.At("tree.tar"));

        Assert.True(await new RemoteFiles(sftp, "root").UnpackAsync(SftpDirectory.Order(_there.At("copy")), FilePath.Temporary(), archive, Cancellation));

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
        Directory.CreateDirectory(_there.At("outside"));
        await File.WriteAllTextAsync(_there.At("outside/secret"), "secret", Cancellation);
        await Tool.OutputAsync("chmod", "0700", _there.At("outside"));
        var before = await DescribeAllAsync("outside");

        var failure = await Assert.ThrowsAsync<FailureException>(() => UnpackAsync([$"SymbolicLink link {_there.At("outside")}", "Directory deep/", "SymbolicLink deep/link ../../outside", last]));

        Assert.Equal("tar_invalid", failure.Code);
        Assert.Equal(before, await DescribeAllAsync("outside"));
        Assert.False(File.Exists(_there.At("inside/copy")));
    }

    [Trait(Needs.Name, Needs.Root)]
    [Fact(Timeout = Limit)]
    public async Task An_archive_goes_through_links_that_stay_inside_and_keeps_a_second_name_of_a_link()
    {
        Directory.CreateDirectory(_there.At("inside/usr/bin"));
        File.CreateSymbolicLink(_there.At("inside/bin"), "usr/bin");

        await UnpackAsync(["RegularFile bin/f", "SymbolicLink l /nowhere", "HardLink l2 l"]);

        Assert.True(File.Exists(_there.At("inside/usr/bin/f")));
        Assert.Equal(("usr/bin", "/nowhere"), (new FileInfo(_there.At("inside/bin")).LinkTarget, new FileInfo(_there.At("inside/l2")).LinkTarget));
    }

    /// <summary>The modes of directories are set last, when the link that was one of them may lead elsewhere.</summary>
    [Trait(Needs.Name, Needs.Root)]
    [Theory(Timeout = Limit)]
    [InlineData("Directory b", "SymbolicLink a b", "Directory a", "SymbolicLink a ../outside")]
    [InlineData("Directory b/x", "SymbolicLink a b", "Directory a/x", "SymbolicLink a ../outside")]
    public async Task A_link_that_is_replaced_gives_its_mode_to_nothing_outside(params string[] entries)
    {
        Directory.CreateDirectory(_there.At("outside/x"));
        await Tool.OutputAsync("chmod", "0700", _there.At("outside"), _there.At("outside/x"));
        var before = await DescribeAllAsync("outside");

        var failure = await Assert.ThrowsAsync<FailureException>(() => UnpackAsync(entries));

        Assert.Equal("tar_invalid", failure.Code);
        Assert.Equal(before, await DescribeAllAsync("outside"));
    }

    /// <summary>Files of /sys say 4096 bytes and hold fewer.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_directory_whose_files_are_shorter_than_they_say_is_an_archive_that_tar_reads()
    {
        await using var sftp = await _there.ConnectAsync();
        await using (var file = File.Create(_there.At("sys.tar")))
        await using (var directory = await new RemoteFiles(sftp, "root").OpenAsync("/sys/module/kernel/parameters", CancellationToken.None, Cancellation))
            await directory.WriteTarAsync(file, Cancellation);

        Assert.Contains(" 4096 ", await Tool.OutputAsync("tar", "-tvf", _there.At("sys.tar")), StringComparison.Ordinal);
    }

    /// <summary>Unpacks an archive of such entries into "inside".</summary>
    private async Task UnpackAsync(params string[] entries)
    {
        using var archive = new MemoryStream();
        await using (var writer = new TarWriter(archive, leaveOpen: true))
        {
            foreach (var entry in entries)
                await writer.WriteEntryAsync(Entry(entry.Split(' ')), Cancellation);
        }
        archive.Position = 0;
        await using var sftp = await _there.ConnectAsync();
        await new RemoteFiles(sftp, "root").UnpackAsync(SftpDirectory.Order(_there.At("inside")), FilePath.Temporary(), archive, Cancellation);
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

    private Task<string> DescribeAllAsync(string name) => Tool.OutputAsync("find", _there.At(name), "-printf", "%P %y %m %U:%G %l %C@\\n");

    /// <summary>Names, types, modes, owners, link targets and checksums; times of files and directories.</summary>
    private async Task<string> DescribeAsync(string name) => await Tool.OutputAsync("sh", "-c",
        "cd \"$1\" && find . ! -name . -printf '%P %y %m %U:%G %l\\n' | sort && find sub -printf '%P %T@\\n' | sort && find . -type f -exec sha256sum {} + | sort", "sh", _there.At(name));
}
