using System.Formats.Tar;
using System.IO.Pipelines;
using AutoProvision.HostTests.Support;
using AutoProvision.Ssh.Files;

namespace AutoProvision.Ssh;

/// <summary>Archives by the guest's own tar, and what is asked of it alone.</summary>
public sealed class TarArchiveTests(SshdFixture sshd) : ArchiveTests(sshd)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private int _mostStaged = TarTree.Most;

    private protected override GuestPrograms? Programs => There.Programs(_mostStaged);

    /// <summary>Otherwise the tests here would be those of the other way.</summary>
    [Trait(Needs.Name, Needs.Root)]
    [Fact(Timeout = Limit)]
    public async Task This_machine_has_the_programs_that_are_asked_for()
    {
        Directory.CreateDirectory(There.At("d"));
        foreach (var script in (GuestScript[])[GuestCommand.Pack(There.Root.FullName), GuestCommand.Unpack(There.Root.FullName, "d"), GuestCommand.Remove(There.At("d"))])
        {
            await using var program = await There.Programs().TryStartAsync(script, Cancellation);
            Assert.NotNull(program);
        }
    }

    [Theory(Timeout = Limit)]
    [InlineData("exit 1")]
    [InlineData("echo hello")]
    [InlineData("echo ready or not")]
    public async Task What_does_not_say_that_it_is_ready_is_not_used(string command) =>
        Assert.Null(await There.Programs().TryStartAsync(new(command), Cancellation));

    /// <summary>However slowly it is read: what comes unasked would be kept in the service's memory.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_guest_sends_no_more_of_an_archive_than_was_asked_for()
    {
        Directory.CreateDirectory(There.At("large"));
        await File.WriteAllBytesAsync(There.At("large/f"), new byte[5 * GuestCommand.Window], Cancellation);
        await using var channel = await There.Connection.OpenAsync(GuestCommand.Pack(There.At("large")).ByUser(), Cancellation);
        await ReadExactlyAsync(channel, GuestCommand.Ready.Length + 1);

        for (var windows = 1; windows <= 2; windows++)
        {
            await channel.Input.WriteAsync("\n"u8.ToArray(), Cancellation);
            await ReadExactlyAsync(channel, GuestCommand.Window);
            // More would be there by the time that this answer is.
            await There.Programs().TryRunAsync(GuestCommand.Remove(There.At("nothing")), Cancellation);
            Assert.Equal(0, channel.Output.Length);
        }
    }

    [Fact(Timeout = Limit)]
    public async Task Of_the_whole_guest_the_kernels_own_files_are_left_out()
    {
        foreach (var directory in (string[])["proc", "sys/kernel", "etc/proc"])
            Directory.CreateDirectory(There.At($"root/{directory}"));
        foreach (var file in (string[])["proc/kcore", "proc/.hidden", "sys/kernel/x", "etc/proc/f", "f"])
            await File.WriteAllTextAsync(There.At($"root/{file}"), "x", Cancellation);
        // The command for the root directory, of another one.
        var script = GuestCommand.Pack("/");
        script.Arguments[0] = There.At("root");
        var archive = new MemoryStream();
        await using var sftp = await There.ConnectAsync();
        await using (var tar = await There.Programs().TryStartAsync(script, Cancellation))
            await new TarRelay(sftp, await AccountNames.ReadAsync(sftp, Cancellation), archive).CopyAsync(tar!, There.At("root"), Cancellation);

        archive.Position = 0;
        await using var entries = new TarReader(archive);
        var names = new List<string>();
        while (await entries.GetNextEntryAsync(copyData: false, Cancellation) is { } entry)
            names.Add(entry.Name);
        Assert.Equal(["./", "etc/", "etc/proc/", "etc/proc/f", "f", "proc/", "sys/"], names.Order(StringComparer.Ordinal));
    }

    [Trait(Needs.Name, Needs.Root)]
    [Fact(Timeout = Limit)]
    public async Task What_tar_may_not_read_breaks_the_archive_off_and_says_which_file()
    {
        Directory.CreateDirectory(There.At("d"));
        await File.WriteAllTextAsync(There.At("d/secret"), "secret", Cancellation);
        await Tool.OutputAsync("chmod", "0755", There.Root.FullName);
        await Tool.OutputAsync("chmod", "0600", There.At("d/secret"));
        await using var sftp = await There.ConnectAsync();
        await using var tar = await AsNobody().TryStartAsync(GuestCommand.Pack(There.At("d")), Cancellation);

        var failure = await Assert.ThrowsAsync<Vms.FailureException>(async () =>
            await new TarRelay(sftp, await AccountNames.ReadAsync(sftp, Cancellation), Stream.Null).CopyAsync(tar!, There.At("d"), Cancellation));

        Assert.Equal("file_failed", failure.Code);
        Assert.Contains("./secret: Cannot open: Permission denied", failure.Failure.Evidence, StringComparison.Ordinal);
    }

    /// <summary>It could give nothing to anybody else.</summary>
    [Trait(Needs.Name, Needs.Root)]
    [Fact(Timeout = Limit)]
    public async Task The_tar_of_a_user_who_is_not_root_unpacks_nothing()
    {
        Directory.CreateDirectory(There.At("open"));
        await Tool.OutputAsync("chmod", "0777", There.Root.FullName, There.At("open"));

        Assert.Null(await AsNobody().TryStartAsync(GuestCommand.Unpack(There.At("open"), "d"), Cancellation));
        Assert.Empty(Directory.GetFileSystemEntries(There.At("open")));
    }

    /// <summary>busybox, bsdtar: not all that is promised can be asked of them.</summary>
    [Fact(Timeout = Limit)]
    public async Task Another_tar_than_GNUs_is_not_used()
    {
        var programs = await WithAsync("tar", "echo 'tar (busybox) 1.36.1'");

        Assert.Null(await programs.TryStartAsync(GuestCommand.Pack(There.Root.FullName), Cancellation));
        Assert.Null(await programs.TryStartAsync(GuestCommand.Unpack(There.Root.FullName, "d"), Cancellation));
        Assert.False(Directory.Exists(There.At("d")));
    }

    [Fact(Timeout = Limit)]
    public async Task Whoever_goes_ends_the_guests_process()
    {
        Directory.CreateDirectory(There.At("d"));
        await File.WriteAllBytesAsync(There.At("d/f"), new byte[5 * GuestCommand.Window], Cancellation);
        string[] sleeping = ["sleep", "1414.14"], packing = ["tar", "-cf", "-", "--format=gnu", "--hard-dereference", "--numeric-owner", "--warning=none", "."];
        await using (await (await WithAsync("rm", $"exec {string.Join(' ', sleeping)}")).TryStartAsync(GuestCommand.Remove(There.At("d")), Cancellation))
            await HostProcesses.UntilAsync(() => HostProcesses.Runs(sleeping), "it removes");
        await using (await There.Programs().TryStartAsync(GuestCommand.Pack(There.At("d")), Cancellation))
            await HostProcesses.UntilAsync(() => HostProcesses.Runs(packing), "it packs");

        await HostProcesses.UntilAsync(() => !HostProcesses.Runs(sleeping) && !HostProcesses.Runs(packing), "neither goes on");
    }

    /// <summary>What the guest's rm cannot do is done over SFTP, or its reason told.</summary>
    [Fact(Timeout = Limit)]
    public async Task What_rm_leaves_is_removed_all_the_same()
    {
        Directory.CreateDirectory(There.At("d/sub"));
        await File.WriteAllTextAsync(There.At("d/sub/f"), "", Cancellation);
        await using var sftp = await There.ConnectAsync();

        await new RemoteFiles(sftp, "root", await WithAsync("rm", "exit 1")).DeleteAsync(SftpDirectory.Order(There.At("d")) with { Recursive = true }, Cancellation);

        Assert.False(Directory.Exists(There.At("d")));
    }

    /// <summary>What it says of a file that changed or vanished meanwhile.</summary>
    [Theory(Timeout = Limit)]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_change_while_tar_reads_is_no_failure(int code)
    {
        await using var sftp = await There.ConnectAsync();
        var archive = new MemoryStream();
        await using var tar = await There.Programs().TryStartAsync(new($"echo {GuestCommand.Ready}; tar -cf - --format=gnu -C {There.Root.FullName} .; echo 'end {code}'; cat >/dev/null"), Cancellation);

        await new TarRelay(sftp, await AccountNames.ReadAsync(sftp, Cancellation), archive).CopyAsync(tar!, There.Root.FullName, Cancellation);

        Assert.NotEqual(0, archive.Length);
    }

    /// <summary>More than are kept in memory at a time.</summary>
    [Fact(Timeout = Limit)]
    public async Task An_archive_of_very_many_files_is_unpacked_in_several_runs_and_read_back()
    {
        _mostStaged = 500;
        await UnpackAsync([.. Enumerable.Range(0, 1_300).Select(i => Text($"d{i % 7}/f{i}", ""))]);

        var back = new MemoryStream();
        await ReadAsync("inside", back);

        Assert.Equal(1_300, Directory.GetFiles(There.At("inside"), "*", SearchOption.AllDirectories).Length);
        back.Position = 0;
        await using var entries = new TarReader(back);
        var count = 0;
        while (await entries.GetNextEntryAsync(copyData: false, Cancellation) is not null)
            count++;
        Assert.Equal(1_308, count);
    }

    /// <summary>GNU tar takes what ends between two entries for a whole archive, and of empty files every packet ends so.</summary>
    [Trait(Needs.Name, Needs.Root)]
    [Fact(Timeout = Limit)]
    public async Task What_was_unpacked_of_an_archive_that_is_refused_then_comes_to_no_place()
    {
        Directory.CreateDirectory(There.At("inside/d"));
        await File.WriteAllTextAsync(There.At("inside/d/f1"), "old", Cancellation);

        await Assert.ThrowsAsync<Vms.FailureException>(() => UnpackAsync([.. Enumerable.Range(0, 640).Select(i => Text($"d/f{i}", "")), Text("../x", "")]));

        await HostProcesses.UntilAsync(() => Directory.GetFileSystemEntries(There.At("inside")).Length == 1, "what was unpacked is gone");
        Assert.Equal([There.At("inside/d/f1")], Directory.GetFiles(There.At("inside/d")));
        Assert.Equal("old", await File.ReadAllTextAsync(There.At("inside/d/f1"), Cancellation));
    }

    [Fact(Timeout = Limit)]
    public async Task The_guest_itself_removes_what_a_lost_connection_leaves_of_tars_work()
    {
        Directory.CreateDirectory(There.At("inside"));
        var temporary = FilePath.Temporary();
        var archive = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var bytes = new MemoryStream();
        await using (var writer = new TarWriter(bytes, leaveOpen: true))
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "sub/f") { DataStream = new MemoryStream(new byte[4_000_000]) }, Cancellation);
        await archive.Writer.WriteAsync(bytes.ToArray().AsMemory(0, 3_000_000), Cancellation);
        var sftp = await There.ConnectAsync(SftpCommand.WithSweep(There.At("inside"), temporary));
        var unpacking = new RemoteFiles(sftp, "root", Programs).UnpackAsync(SftpDirectory.Order(There.At("inside")), temporary, archive.Reader.AsStream(), Cancellation);
        var stage = There.At($"inside/{SftpCommand.Stage(temporary)}");
        await HostProcesses.UntilAsync(() => File.Exists($"{stage}/sub/f"), "the unfinished file is there");
        Assert.Equal("700", (await Tool.OutputAsync("stat", "-c", "%a", stage)).Trim());

        await There.Connection.DisposeAsync();
        await archive.Writer.WriteAsync(bytes.ToArray().AsMemory(3_000_000), Cancellation);
        await archive.Writer.CompleteAsync();

        await Assert.ThrowsAsync<SftpEndedException>(() => unpacking);
        await sftp.DisposeAsync();
        await HostProcesses.UntilAsync(() => Directory.GetFileSystemEntries(There.At("inside")).Length == 0, "it is gone");
        await There.ReconnectAsync();
    }

    private GuestPrograms AsNobody() => new((script, cancellation) =>
        There.Connection.OpenAsync($"exec setpriv --reuid 65534 --regid 65534 --clear-groups sh -c {ShellQuote.Quote(script.ByUser())}", cancellation), TimeProvider.System);

    /// <summary>Where a program is another one.</summary>
    private async Task<GuestPrograms> WithAsync(string name, string script)
    {
        Directory.CreateDirectory(There.At("bin"));
        await File.WriteAllTextAsync(There.At($"bin/{name}"), $"#!/bin/sh\n{script}\n", Cancellation);
        File.SetUnixFileMode(There.At($"bin/{name}"), (UnixFileMode)0b111_101_101);
        return new GuestPrograms((script, cancellation) => There.Connection.OpenAsync($"export PATH={There.At("bin")}:$PATH\n{script.ByUser()}", cancellation), TimeProvider.System);
    }

    private static async Task ReadExactlyAsync(ISshChannel channel, int count)
    {
        var bytes = new byte[count];
        await Task.Run(() => channel.Output.ReadExactly(bytes), Cancellation);
    }
}
