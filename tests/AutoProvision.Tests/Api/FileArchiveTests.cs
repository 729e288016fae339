using System.Formats.Tar;
using System.Net;
using System.Text;
using AutoProvision.Fakes;

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
