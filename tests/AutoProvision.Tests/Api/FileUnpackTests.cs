using System.Formats.Tar;
using System.Net;
using System.Text;
using AutoProvision.Fakes;

namespace AutoProvision.Api;

/// <summary>What archives may not do to a VM, and to whom what they hold belongs.</summary>
public sealed class FileUnpackTests : IAsyncLifetime
{
    private const int Limit = 30_000;
    private VmFiles _files = null!;

    public async ValueTask InitializeAsync() => _files = await VmFiles.StartAsync();

    public ValueTask DisposeAsync() => _files.DisposeAsync();

    /// <summary>The modes of directories are set last, when the link that was one of them may lead elsewhere.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_link_that_is_replaced_gives_its_mode_to_nothing_outside()
    {
        using var refused = await UnpackAsync("", Directory("b"), Link("a", "b"), Directory("a"), Link("a", "/etc"));

        Assert.Equal("tar_invalid", (await refused.ReadProblemAsync(HttpStatusCode.BadRequest)).Text("code"));
        Assert.Equal(0x41EDu, _files.Guest.Nodes["/etc"].Mode);
    }

    [Theory(Timeout = Limit)]
    [InlineData("tester", "devs", 1000, 2001)]
    [InlineData("somebody", "staff", 1001, 50)]
    [InlineData("", "", 1001, 2001)]
    public async Task User_and_group_are_each_found_by_name_and_else_by_number(string user, string group, uint expectedUser, uint expectedGroup)
    {
        using var written = await UnpackAsync("", File("f", it => (it.UserName, it.GroupName) = (user, group)));

        Assert.Equal((expectedUser, expectedGroup), _files.Guest.Nodes["/home/tester/d/f"].Owner);
    }

    [Theory(Timeout = Limit)]
    [InlineData(false, 1234, 50)]
    [InlineData(true, 1000, 1000)]
    public async Task An_owner_owns_the_new_directories_too_that_the_archive_only_implies(bool isThere, uint user, uint group)
    {
        if (isThere)
            _files.Guest.Nodes["/home/tester/d"] = new FakeNode { Mode = 0x41ED, Owner = (user, group) };

        using var written = await UnpackAsync("&owner=1234:50", File("a/b/f"));

        Assert.All(["/a", "/a/b", "/a/b/f"], path => Assert.Equal((1234u, 50u), _files.Guest.Nodes["/home/tester/d" + path].Owner));
        Assert.Equal((user, group), _files.Guest.Nodes["/home/tester/d"].Owner);
    }

    [Fact(Timeout = Limit)]
    public async Task A_file_in_a_directorys_place_and_the_other_way_round_have_their_codes()
    {
        using var written = await UnpackAsync("", Directory("d"), File("f"));

        foreach (var (entry, code) in ((TarEntry, string)[])[(File("d"), "file_is_directory"), (Link("d", "f"), "file_is_directory"), (Directory("f"), "not_a_directory"), (File("f/x/y"), "not_a_directory")])
        {
            using var refused = await UnpackAsync("", entry);
            Assert.Equal(code, (await refused.ReadProblemAsync(HttpStatusCode.Conflict)).Text("code"));
        }
    }

    [Fact(Timeout = Limit)]
    public async Task What_no_guest_can_hold_and_what_cannot_be_unpacked_make_an_archive_invalid()
    {
        var sparse = new PaxTarEntry(TarEntryType.RegularFile, "GNUSparseFile.0/f", new Dictionary<string, string> { ["GNU.sparse.major"] = "1", ["GNU.sparse.minor"] = "0" });
        foreach (var entry in (TarEntry[])[File(new string('ä', 128)), Link("l", new string('x', 4096)), sparse, new PaxTarEntry(TarEntryType.Fifo, "fifo")])
        {
            using var refused = await UnpackAsync("", entry);
            Assert.Equal("tar_invalid", (await refused.ReadProblemAsync(HttpStatusCode.BadRequest)).Text("code"));
        }
    }

    /// <summary>The reader would take it into memory, however long it says that it is.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_header_of_more_than_a_MiB_is_refused()
    {
        using var refused = await UnpackAsync("", Commented("long", 1024 * 1024));

        Assert.Equal("tar_invalid", (await refused.ReadProblemAsync(HttpStatusCode.BadRequest)).Text("code"));
        Assert.DoesNotContain("/home/tester/d/long", _files.Guest.Nodes.Keys);
    }

    [Fact(Timeout = Limit)]
    public async Task Headers_and_files_of_any_other_length_are_not_taken_for_one_another()
    {
        var lengths = Enumerable.Range(400, 150).Append(100_000).ToList();

        using var written = await UnpackAsync("", [.. lengths.Select(length => Commented($"{length}", length))]);

        Assert.Equal(HttpStatusCode.Created, written.StatusCode);
        Assert.All(lengths, length => Assert.Equal(length, _files.Guest.Nodes[$"/home/tester/d/{length}"].Content.Count));
    }

    [Theory(Timeout = Limit)]
    [InlineData("gzip", "1F8B0800000000000003")]
    [InlineData("xz", "FD377A585A000004")]
    [InlineData("bzip2", "425A683931415926")]
    [InlineData("zstd", "28B52FFD24")]
    [InlineData("zip", "504B03041400")]
    public async Task A_compressed_archive_is_named_as_such(string name, string bytes)
    {
        using var refused = await _files.PutAsync("/home/tester/d", [.. Convert.FromHexString(bytes), .. new byte[2000]], "", "application/x-tar");

        var problem = await refused.ReadProblemAsync(HttpStatusCode.BadRequest);
        Assert.Equal(("tar_invalid", $"The archive is compressed ({name})."), (problem.Text("code"), problem.Text("detail")));
    }

    [Fact(Timeout = Limit)]
    public async Task An_archive_whose_first_name_begins_as_compressed_ones_do_is_unpacked()
    {
        using var written = await UnpackAsync("", File("BZh"), File("PK"));

        Assert.Equal(HttpStatusCode.Created, written.StatusCode);
        Assert.Contains("/home/tester/d/BZh", _files.Guest.Nodes.Keys);
    }

    private async Task<HttpResponseMessage> UnpackAsync(string query, params TarEntry[] entries)
    {
        var bytes = new MemoryStream();
        await using (var writer = new TarWriter(bytes, leaveOpen: true))
        {
            foreach (var entry in entries)
                await writer.WriteEntryAsync(entry, TestContext.Current.CancellationToken);
        }
        return await _files.PutAsync("/home/tester/d", bytes.ToArray(), query, "application/x-tar");
    }

    private static PaxTarEntry Directory(string name) => new(TarEntryType.Directory, name) { Mode = (UnixFileMode)0b111_111_111 };

    private static PaxTarEntry Link(string name, string target) => new(TarEntryType.SymbolicLink, name) { LinkName = target };

    private static PaxTarEntry File(string name, Action<PaxTarEntry>? more = null)
    {
        var entry = new PaxTarEntry(TarEntryType.RegularFile, name) { Uid = 1001, Gid = 2001 };
        more?.Invoke(entry);
        return entry;
    }

    /// <summary>A file of a length, with a header of at least that length.</summary>
    private static PaxTarEntry Commented(string name, int length) =>
        new(TarEntryType.RegularFile, name, new Dictionary<string, string> { ["comment"] = new string('x', length) }) { DataStream = new MemoryStream(Encoding.ASCII.GetBytes(new string('x', length))) };
}
