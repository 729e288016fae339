using System.Formats.Tar;
using System.Net;
using System.Text;
using AutoProvision.Fakes;
using AutoProvision.Ssh.Files;

namespace AutoProvision.Api;

/// <summary>Directories of a VM, as tar archives.</summary>
public sealed class FileArchiveTests : IAsyncLifetime
{
    private const int Limit = 30_000;
    private VmFiles _files = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _files = await VmFiles.StartAsync();

    public ValueTask DisposeAsync() => _files.DisposeAsync();

    [Fact(Timeout = Limit)]
    public async Task A_directory_is_listed_and_read_as_an_archive()
    {
        _files.Guest.Add("/home/tester/b", "bee");
        _files.Guest.Nodes["/home/tester/a"] = new FakeNode { Mode = 0xA1FF, Target = "b" };

        var stat = await _files.Http.GetJsonAsync(_files.Stat("/home/tester"));
        using var read = await _files.Http.GetAsync(_files.At("/home/tester/"), Cancellation);

        Assert.Equal(["a symlink", "b file"], stat.GetProperty("entries").EnumerateArray().Select(entry => $"{entry.Text("name")} {entry.Text("kind")}"));
        Assert.Equal("application/x-tar", read.Content.Headers.ContentType?.MediaType);
        await using var archive = new TarReader(await read.Content.ReadAsStreamAsync(Cancellation));
        var names = new List<string>();
        while (await archive.GetNextEntryAsync(copyData: true, Cancellation) is { } entry)
            names.Add($"{entry.EntryType} {entry.Name} {entry.LinkName}");
        Assert.Equal(["Directory ./ ", "RegularFile b ", "SymbolicLink a b"], names.Order());
    }

    [Fact(Timeout = Limit)]
    public async Task An_archive_is_unpacked()
    {
        using var written = await _files.PutAsync("/home/tester/new", Archive(("d/", null), ("d/f", "text"), ("/abs", "x")), type: "application/x-tar");

        Assert.Equal(HttpStatusCode.Created, written.StatusCode);
        Assert.Equal("text", Encoding.UTF8.GetString([.. _files.Guest.Nodes["/home/tester/new/d/f"].Content]));
        Assert.True(_files.Guest.Nodes.ContainsKey("/home/tester/new/abs"));
    }

    [Theory(Timeout = Limit)]
    [InlineData("../out")]
    [InlineData("a/../../out")]
    public async Task An_archive_that_reaches_out_of_its_directory_is_refused(string name)
    {
        using var refused = await _files.PutAsync("/home/tester", Archive((name, "x")), type: "application/x-tar");
        using var rubbish = await _files.PutAsync("/home/tester", Encoding.ASCII.GetBytes(new string('x', 2000)), type: "application/x-tar");

        Assert.Equal("tar_invalid", (await refused.ReadProblemAsync(HttpStatusCode.BadRequest)).Text("code"));
        Assert.Equal("tar_invalid", (await rubbish.ReadProblemAsync(HttpStatusCode.BadRequest)).Text("code"));
        Assert.DoesNotContain("/home/out", _files.Guest.Nodes.Keys);
    }

    [Fact(Timeout = Limit)]
    public async Task A_file_that_vanishes_while_its_directory_is_read_is_left_out()
    {
        _files.Guest.Add("/home/tester/a", "a");
        _files.Guest.Add("/home/tester/b", "bee");
        _files.Guest.Vanished.Add("/home/tester/a");

        using var read = await _files.Http.GetAsync(_files.At("/home/tester"), Cancellation);

        await using var archive = new TarReader(await read.Content.ReadAsStreamAsync(Cancellation));
        var names = new List<string>();
        while (await archive.GetNextEntryAsync(copyData: true, Cancellation) is { } entry)
            names.Add(entry.Name);
        Assert.Equal(["./", "b"], names);
    }

    [Fact(Timeout = Limit)]
    public async Task Of_the_whole_guest_the_kernels_own_files_are_left_out_and_what_became_shorter_is_filled_up()
    {
        foreach (var directory in (string[])["/proc", "/sys", "/etc/sys"])
            _files.Guest.Nodes[directory] = new FakeNode { Mode = 0x41ED };
        _files.Guest.Nodes["/proc/kcore"] = new FakeNode { Mode = 0x8100, Zeros = 1L << 47 };
        _files.Guest.Nodes["/sys/x"] = new FakeNode { Mode = 0x8100, Claims = 4096, Content = [1] };
        _files.Guest.Nodes["/etc/sys/log"] = new FakeNode { Mode = 0x81A4, Claims = 100_000, Content = [.. "abc"u8] };
        _files.Guest.Nodes["/tmp/fifo"] = new FakeNode { Mode = 0x11A4 };

        using var read = await _files.Http.GetAsync(_files.At("/"), Cancellation);

        var entries = await ReadAsync(await read.Content.ReadAsStreamAsync(Cancellation));
        Assert.Equal(["./", "etc/", "etc/group", "etc/passwd", "etc/sys/", "etc/sys/log", "home/", "home/tester/", "proc/", "sys/", "tmp/"], entries.Keys.Order(StringComparer.Ordinal));
        Assert.Equal([.. "abc"u8, .. new byte[100_000 - 3]], entries["etc/sys/log"]);
    }

    [Fact(Timeout = Limit)]
    public async Task An_archive_of_the_service_is_accepted_by_it()
    {
        foreach (var name in (string[])["two\nlines", new string('x', 255), "größe"])
            _files.Guest.Add($"/home/tester/{name}", name);
        _files.Guest.Nodes["/home/tester/fifo"] = new FakeNode { Mode = 0x11A4 };
        _files.Guest.Nodes["/home/tester/link"] = new FakeNode { Mode = 0xA1FF, Target = "two\nlines" };
        using var read = await _files.Http.GetAsync(_files.At("/home/tester"), Cancellation);

        using var written = await _files.PutAsync("/home/copy", await read.Content.ReadAsByteArrayAsync(Cancellation), type: "application/x-tar");

        Assert.Equal(HttpStatusCode.Created, written.StatusCode);
        Assert.Equal(["größe", "link", "two\nlines", new string('x', 255)], _files.Guest.In("/home/copy").Select(node => node.Key[11..]).Order());
    }

    [Fact(Timeout = Limit)]
    public async Task A_directory_that_may_not_be_listed_is_refused_before_the_answer_begins()
    {
        _files.Guest.Before = (request, path) => (request, path) == ("OpenDirectory", "/home/tester") ? throw new SftpException(SftpStatus.PermissionDenied, "") : Task.CompletedTask;

        using var refused = await _files.Http.GetAsync(_files.At("/home/tester"), Cancellation);

        Assert.Equal("file_permission_denied", (await refused.ReadProblemAsync(HttpStatusCode.Forbidden)).Text("code"));
    }

    private static async Task<Dictionary<string, byte[]>> ReadAsync(Stream bytes)
    {
        await using var archive = new TarReader(bytes);
        var entries = new Dictionary<string, byte[]>();
        while (await archive.GetNextEntryAsync(copyData: true, Cancellation) is { } entry)
            entries[entry.Name] = (entry.DataStream as MemoryStream)?.ToArray() ?? [];
        return entries;
    }

    private static byte[] Archive(params (string Name, string? Content)[] entries)
    {
        var bytes = new MemoryStream();
        using (var writer = new TarWriter(bytes, leaveOpen: true))
        {
            foreach (var (name, content) in entries)
                writer.WriteEntry(content is null ? new PaxTarEntry(TarEntryType.Directory, name)
                    : new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)) });
        }
        return bytes.ToArray();
    }
}
