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
    private readonly SftpDirectory _there = new(sshd);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _there.ReconnectAsync();

    public ValueTask DisposeAsync() => _there.DisposeAsync();

    [Trait(Needs.Name, Needs.Root)]
    [Theory(Timeout = Limit)]
    [InlineData("plain")]
    [InlineData("a b  c")]
    [InlineData("-rf")]
    [InlineData("it's \"so\" $(touch x) `y` \\ *")]
    [InlineData("two\nlines")]
    [InlineData("größe-\u65e5\u672c")]
    public async Task A_file_of_any_name_goes_there_and_back(string name)
    {
        var path = _there.At(name);
        Assert.True(await _there.WriteAsync(path, [1, 2, 3], query => query with { Mode = "4750", Owner = "1234:50" }));

        Assert.Equal([1, 2, 3], await _there.ReadAsync(path));
        Assert.Equal("4750 1234 50\n", await Tool.OutputAsync("stat", "-c", "%a %u %g", path));
        Assert.False(await _there.WriteAsync(path, []));
        Assert.Equal("4750 1234 50 0\n", await Tool.OutputAsync("stat", "-c", "%a %u %g %s", path));
        Assert.Equal([name], _there.Root.GetFileSystemInfos().Select(entry => entry.Name));
    }

    /// <summary>As the service's own account begins it.</summary>
    [Trait(Needs.Name, Needs.Root)]
    [Fact(Timeout = Limit)]
    public async Task A_server_on_behalf_of_a_user_has_that_users_rights()
    {
        await Tool.OutputAsync("chmod", "0777", _there.Root.FullName);
        await using var sftp = await _there.ConnectAsync(SftpCommand.WithCleanUp(_there.At("it's"), ".part").OnBehalfOf("www-data"));

        await new RemoteFiles(sftp, "www-data").WriteAsync(SftpDirectory.Order(_there.At("it's")), ".part", new MemoryStream([1]), Cancellation);
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => sftp.CheckListableAsync("/root", Cancellation));

        Assert.Equal("www-data 644\n", await Tool.OutputAsync("stat", "-c", "%U %a", _there.At("it's")));
        Assert.Contains("ermission", refused.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task Two_hundred_megabytes_have_the_same_checksum_there_and_back()
    {
        var length = 200L * 1024 * 1024;
        var sent = new RandomStream(length);
        await _there.WriteAsync(_there.At("large"), sent);
        await using var sftp = await _there.ConnectAsync();
        await using var file = await new RemoteFiles(sftp, "root").OpenAsync(_there.At("large"), CancellationToken.None, Cancellation);

        var received = await SHA256.HashDataAsync(file.Content!, Cancellation);

        Assert.Equal(length, file.Content!.Length);
        Assert.Equal(sent.Hash(), received);
        await using var there = File.OpenRead(_there.At("large"));
        Assert.Equal(received, await SHA256.HashDataAsync(there, Cancellation));
    }

    [Fact(Timeout = Limit)]
    public async Task A_file_of_proc_is_read_to_its_end() =>
        Assert.Equal(await File.ReadAllTextAsync("/proc/version", Cancellation), Encoding.UTF8.GetString(await _there.ReadAsync("/proc/version")));

    [Fact(Timeout = Limit)]
    public async Task A_symbolic_link_is_written_through()
    {
        Directory.CreateDirectory(_there.At("real"));
        await File.WriteAllTextAsync(_there.At("real/f"), "old", Cancellation);
        File.CreateSymbolicLink(_there.At("link"), "real/f");

        await _there.WriteAsync(_there.At("link"), Encoding.UTF8.GetBytes("new"));

        Assert.Equal(("real/f", "new"), (new FileInfo(_there.At("link")).LinkTarget, await File.ReadAllTextAsync(_there.At("real/f"), Cancellation)));
        Assert.Single(Directory.GetFileSystemEntries(_there.At("real")));
    }

    [Fact(Timeout = Limit)]
    public async Task An_upload_that_fails_in_the_middle_leaves_the_old_file_alone()
    {
        await File.WriteAllTextAsync(_there.At("f"), "old", Cancellation);

        await Assert.ThrowsAsync<IOException>(() => _there.WriteAsync(_there.At("f"), new RandomStream(5_000_000) { BreaksAt = 3_000_000 }));

        Assert.Equal("old", await File.ReadAllTextAsync(_there.At("f"), Cancellation));
        Assert.Single(_there.Root.GetFileSystemInfos());
    }

    [Trait(Needs.Name, Needs.Root)]
    [Fact(Timeout = Limit)]
    public async Task A_full_disk_has_its_own_code_and_keeps_the_old_file()
    {
        await using var disk = await SmallDisk.MountAsync(16);
        var path = Path.Combine(disk.Directory, "f");
        await File.WriteAllTextAsync(path, "old", Cancellation);

        var failure = await Assert.ThrowsAsync<FailureException>(() => _there.WriteAsync(path, new RandomStream(64 * 1024 * 1024)));

        Assert.Equal("guest_disk_full", failure.Code);
        Assert.Equal("old", await File.ReadAllTextAsync(path, Cancellation));
        Assert.Empty(Directory.GetFiles(disk.Directory, ".*"));
        await _there.WriteAsync(path, [1]);
    }

    [Trait(Needs.Name, Needs.Root)]
    [Fact(Timeout = Limit)]
    public async Task A_directory_is_deleted_and_what_its_links_lead_to_stays()
    {
        await _there.MakeTreeAsync("tree");
        Directory.CreateDirectory(_there.At("other"));
        File.CreateSymbolicLink(_there.At("tree/to-other"), _there.At("other"));
        await using var sftp = await _there.ConnectAsync();
        var files = new RemoteFiles(sftp, "root");

        Assert.Equal("directory_not_empty", (await Assert.ThrowsAsync<FailureException>(() => files.DeleteAsync(SftpDirectory.Order(_there.At("tree")), Cancellation))).Code);
        await files.DeleteAsync(SftpDirectory.Order(_there.At("tree")) with { Recursive = true }, Cancellation);

        Assert.Equal(["other"], _there.Root.GetFileSystemInfos().Select(entry => entry.Name));
    }

    [Theory(Timeout = Limit)]
    [InlineData("exec /nowhere/sftp-server", "/nowhere/sftp-server")]
    [InlineData("echo Welcome to this guest; cat", "no SFTP server")]
    public async Task What_is_no_SFTP_server_is_told(string command, string evidence)
    {
        var ended = await Assert.ThrowsAsync<SftpEndedException>(() => _there.ConnectAsync(command));

        Assert.Contains(evidence, ended.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task Further_sessions_wait_for_a_place_while_commands_go_on()
    {
        var sessions = new List<Sftp>();
        for (var number = 0; number < 4; number++)
            sessions.Add(await _there.ConnectAsync());
        var fifth = _there.ConnectAsync();
        Assert.Equal("go on\n", (await _there.Connection.ExecAsync(new ExecRequest("echo go on"), Cancellation)).Stdout);
        Assert.False(fifth.IsCompleted);

        await sessions[0].DisposeAsync();

        sessions[0] = await fifth;
        foreach (var session in sessions)
            await session.DisposeAsync();
    }
}
