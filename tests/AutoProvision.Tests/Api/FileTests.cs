using System.Formats.Tar;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using AutoProvision.Fakes;

namespace AutoProvision.Api;

public sealed class FileTests : IAsyncLifetime
{
    private const int Limit = 30_000;
    private readonly FakeHost _host = new();
    private HttpClient _http = null!;
    private string _files = "";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private FakeFiles Guest => _host.Guests.Files;

    public async ValueTask InitializeAsync()
    {
        _http = _host.Start().CreateClient();
        var vm = await _http.CreateVmAsync();
        await _http.UntilAsync(vm, "ready");
        _files = $"{vm}/files";
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _host.DisposeAsync();
    }

    [Theory(Timeout = Limit)]
    [InlineData("/home/tester/a b")]
    [InlineData("/home/tester/-rf")]
    [InlineData("/home/tester/it's \"so\"; $(reboot)\nnext")]
    [InlineData("/home/tester/größe/\u65e5")]
    public async Task What_was_written_is_read_back(string path)
    {
        var bytes = Enumerable.Range(0, 100_000).Select(number => (byte)(number * 7)).ToArray();

        using var created = await PutAsync(path, bytes, "&parents=true");
        using var replaced = await PutAsync(path, bytes[..99_999]);
        using var read = await _http.GetAsync(At(path), Cancellation);

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.NoContent, HttpStatusCode.OK), (created.StatusCode, replaced.StatusCode, read.StatusCode));
        Assert.Equal(bytes[..99_999], await read.Content.ReadAsByteArrayAsync(Cancellation));
        Assert.Equal((99_999, "application/octet-stream"), (read.Content.Headers.ContentLength, read.Content.Headers.ContentType?.MediaType));
        Assert.NotNull(read.Content.Headers.LastModified);
        Assert.DoesNotContain(Guest.Nodes.Keys, name => name.EndsWith(".part", StringComparison.Ordinal));
    }

    [Fact(Timeout = Limit)]
    public async Task Parts_of_a_file_can_be_read()
    {
        using var written = await PutAsync("/tmp/f", Encoding.ASCII.GetBytes("0123456789"));
        using var request = new HttpRequestMessage(HttpMethod.Get, At("/tmp/f"));
        request.Headers.Range = new RangeHeaderValue(3, 5);

        using var part = await _http.SendAsync(request, Cancellation);

        Assert.Equal((HttpStatusCode.PartialContent, "345"), (part.StatusCode, await part.Content.ReadAsStringAsync(Cancellation)));
    }

    [Theory(Timeout = Limit)]
    [InlineData("/etc/new", "", "0644", "root:root")]
    [InlineData("/home/tester/new", "", "0644", "tester:tester")]
    [InlineData("/tmp/new", "", "0644", "tester:tester")]
    [InlineData("/etc/new", "&mode=0750&owner=tester:staff", "0750", "tester:staff")]
    [InlineData("/etc/new", "&mode=4755&owner=1234:50", "4755", "1234:staff")]
    public async Task A_new_file_has_the_mode_and_the_owner_that_were_asked_for_or_its_directorys(string path, string query, string mode, string owner)
    {
        using var written = await PutAsync(path, [1], query);
        using var read = await _http.GetAsync(At(path), Cancellation);

        Assert.Equal((mode, Uri.EscapeDataString(owner).Replace("%3A", ":", StringComparison.Ordinal)), (read.Headers.GetValues("X-File-Mode").Single(), read.Headers.GetValues("X-File-Owner").Single()));
    }

    [Fact(Timeout = Limit)]
    public async Task A_file_that_is_replaced_keeps_mode_and_owner()
    {
        var old = Guest.Add("/etc/secret", "old");
        (old.Mode, old.Owner) = (0x8180, (1000, 50));

        using var written = await PutAsync("/etc/secret", [1]);

        var stat = await _http.GetJsonAsync(Stat("/etc/secret"));
        Assert.Equal(("0600", "tester", "staff", 1), (stat.Text("mode"), stat.Text("owner"), stat.Text("group"), stat.GetProperty("size").GetInt64()));
    }

    [Fact(Timeout = Limit)]
    public async Task A_directory_is_listed_and_read_as_an_archive()
    {
        Guest.Add("/home/tester/b", "bee");
        Guest.Nodes["/home/tester/a"] = new FakeNode { Mode = 0xA1FF, Target = "b" };

        var stat = await _http.GetJsonAsync(Stat("/home/tester"));
        using var read = await _http.GetAsync(At("/home/tester/"), Cancellation);

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
        using var written = await PutAsync("/home/tester/new", Archive(("d/", null), ("d/f", "text"), ("/abs", "x")), type: "application/x-tar");

        Assert.Equal(HttpStatusCode.Created, written.StatusCode);
        Assert.Equal("text", Encoding.UTF8.GetString([.. Guest.Nodes["/home/tester/new/d/f"].Content]));
        Assert.True(Guest.Nodes.ContainsKey("/home/tester/new/abs"));
    }

    [Theory(Timeout = Limit)]
    [InlineData("../out")]
    [InlineData("a/../../out")]
    public async Task An_archive_that_reaches_out_of_its_directory_is_refused(string name)
    {
        using var refused = await PutAsync("/home/tester", Archive((name, "x")), type: "application/x-tar");
        using var rubbish = await PutAsync("/home/tester", Encoding.ASCII.GetBytes(new string('x', 2000)), type: "application/x-tar");

        Assert.Equal("tar_invalid", (await refused.ReadProblemAsync(HttpStatusCode.BadRequest)).Text("code"));
        Assert.Equal("tar_invalid", (await rubbish.ReadProblemAsync(HttpStatusCode.BadRequest)).Text("code"));
        Assert.DoesNotContain("/home/out", Guest.Nodes.Keys);
    }

    [Fact(Timeout = Limit)]
    public async Task A_file_that_vanishes_while_its_directory_is_read_is_left_out()
    {
        Guest.Add("/home/tester/a", "a");
        Guest.Add("/home/tester/b", "bee");
        Guest.Vanished.Add("/home/tester/a");

        using var read = await _http.GetAsync(At("/home/tester"), Cancellation);

        await using var archive = new TarReader(await read.Content.ReadAsStreamAsync(Cancellation));
        var names = new List<string>();
        while (await archive.GetNextEntryAsync(copyData: true, Cancellation) is { } entry)
            names.Add(entry.Name);
        Assert.Equal(["./", "b"], names);
    }

    /// <summary>A client that resumes an upload would make a file of its end alone (RFC 9110, section 14.5).</summary>
    [Fact(Timeout = Limit)]
    public async Task A_part_of_a_file_is_not_taken_for_the_whole()
    {
        Guest.Add("/etc/old", "old");
        using var content = new ByteArrayContent([1]) { Headers = { ContentRange = new ContentRangeHeaderValue(2, 2, 3) } };

        using var refused = await _http.PutAsync(At("/etc/old"), content, Cancellation);

        Assert.Equal("bad_request", (await refused.ReadProblemAsync(HttpStatusCode.BadRequest)).Text("code"));
        Assert.Equal("old", Encoding.UTF8.GetString([.. Guest.Nodes["/etc/old"].Content]));
    }

    [Theory(Timeout = Limit)]
    [InlineData("Range", "bytes=9-", HttpStatusCode.RequestedRangeNotSatisfiable)]
    [InlineData("If-Unmodified-Since", "Sat, 01 Jan 2000 00:00:00 GMT", HttpStatusCode.PreconditionFailed)]
    [InlineData("If-Modified-Since", "Thu, 01 Jan 2026 00:00:00 GMT", HttpStatusCode.NotModified)]
    [InlineData("Range", "bytes=1-", HttpStatusCode.PartialContent)]
    public async Task Conditions_and_ranges_have_their_answers(string header, string value, HttpStatusCode status)
    {
        Guest.Add("/etc/f", "abc");
        using var request = new HttpRequestMessage(HttpMethod.Get, At("/etc/f")) { Headers = { { header, value } } };

        using var response = await _http.SendAsync(request, Cancellation);

        Assert.Equal(status, response.StatusCode);
        if ((int)status >= 400)
            await response.ReadProblemAsync(status);
    }

    [Theory(Timeout = Limit)]
    [InlineData("GET", "/nowhere", "", HttpStatusCode.NotFound, "file_not_found")]
    [InlineData("PUT", "/nowhere/f", "", HttpStatusCode.NotFound, "directory_missing")]
    [InlineData("PUT", "/etc/passwd/f", "", HttpStatusCode.Conflict, "not_a_directory")]
    [InlineData("PUT", "/home/tester", "", HttpStatusCode.Conflict, "file_is_directory")]
    [InlineData("PUT", "/dev0", "", HttpStatusCode.Conflict, "file_not_regular")]
    [InlineData("GET", "/dev0", "", HttpStatusCode.Conflict, "file_not_regular")]
    [InlineData("DELETE", "/home", "", HttpStatusCode.Conflict, "directory_not_empty")]
    [InlineData("DELETE", "/nowhere", "", HttpStatusCode.NotFound, "file_not_found")]
    [InlineData("PUT", "/tmp/f", "&owner=nobody1", HttpStatusCode.BadRequest, "invalid_request")]
    public async Task What_cannot_be_done_has_a_code(string method, string path, string query, HttpStatusCode status, string code)
    {
        Guest.Nodes["/dev0"] = new FakeNode { Mode = 0x2180 };
        using var request = new HttpRequestMessage(new HttpMethod(method), At(path, query));

        using var response = await _http.SendAsync(request, Cancellation);

        Assert.Equal(code, (await response.ReadProblemAsync(status)).Text("code"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_full_disk_and_a_missing_right_are_told_apart_and_leave_nothing()
    {
        Guest.Add("/etc/old", "old");
        var before = Guest.Nodes.Keys.Order().ToList();
        Guest.IsFull = true;
        using var full = await PutAsync("/etc/old", [1]);
        (Guest.IsFull, Guest.IsForbidden) = (false, true);
        using var forbidden = await PutAsync("/etc/old", [1]);

        Assert.Equal("guest_disk_full", (await full.ReadProblemAsync(HttpStatusCode.InsufficientStorage)).Text("code"));
        Assert.Equal("file_permission_denied", (await forbidden.ReadProblemAsync(HttpStatusCode.Forbidden)).Text("code"));
        Assert.Equal(before, Guest.Nodes.Keys.Order());
        Assert.Equal("old", Encoding.UTF8.GetString([.. Guest.Nodes["/etc/old"].Content]));
    }

    [Fact(Timeout = Limit)]
    public async Task Every_fault_of_a_query_is_told()
    {
        using var response = await PutAsync("etc/../x", [1], "&mode=rw&owner=A:b:c&parents=yes");

        var errors = (await response.ReadProblemAsync(HttpStatusCode.BadRequest)).GetProperty("errors").EnumerateArray();
        Assert.Equal(["/path path_invalid", "/mode mode_invalid", "/owner owner_invalid", "/parents type_mismatch"], errors.Select(error => $"{error.Text("pointer")} {error.Text("code")}"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_directory_is_deleted_with_what_is_in_it_when_that_is_asked_for()
    {
        Guest.Add("/home/tester/f", "x");

        using var deleted = await _http.DeleteAsync(At("/home/tester", "&recursive=true"), Cancellation);

        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.DoesNotContain(Guest.Nodes.Keys, path => path.StartsWith("/home/", StringComparison.Ordinal));
    }

    private Task<HttpResponseMessage> PutAsync(string path, byte[] bytes, string query = "", string type = "application/octet-stream")
    {
        var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return _http.PutAsync(At(path, query), content, Cancellation);
    }

    private Uri At(string path, string query = "") => new($"{_files}?path={Uri.EscapeDataString(path)}{query}", UriKind.Relative);

    private string Stat(string path) => $"{_files}/stat?path={Uri.EscapeDataString(path)}";

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
