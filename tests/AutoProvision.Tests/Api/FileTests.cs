using System.Net;
using System.Net.Http.Headers;
using System.Text;
using AutoProvision.Fakes;
using AutoProvision.Ssh.Files;

namespace AutoProvision.Api;

public sealed class FileTests : IAsyncLifetime
{
    private const int Limit = 30_000;
    private VmFiles _files = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _files = await VmFiles.StartAsync();

    public ValueTask DisposeAsync() => _files.DisposeAsync();

    [Theory(Timeout = Limit)]
    [InlineData("/home/tester/a b")]
    [InlineData("/home/tester/-rf")]
    [InlineData("/home/tester/it's \"so\"; $(reboot)\nnext")]
    [InlineData("/home/tester/größe/\u65e5")]
    public async Task What_was_written_is_read_back(string path)
    {
        var bytes = Enumerable.Range(0, 100_000).Select(number => (byte)(number * 7)).ToArray();

        using var created = await _files.PutAsync(path, bytes, "&parents=true");
        using var replaced = await _files.PutAsync(path, bytes[..99_999]);
        using var read = await _files.Http.GetAsync(_files.At(path), Cancellation);

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.NoContent, HttpStatusCode.OK), (created.StatusCode, replaced.StatusCode, read.StatusCode));
        Assert.Equal(bytes[..99_999], await read.Content.ReadAsByteArrayAsync(Cancellation));
        Assert.Equal((99_999, "application/octet-stream"), (read.Content.Headers.ContentLength, read.Content.Headers.ContentType?.MediaType));
        Assert.NotNull(read.Content.Headers.LastModified);
        Assert.DoesNotContain(_files.Guest.Nodes.Keys, name => name.EndsWith(".part", StringComparison.Ordinal));
    }

    [Fact(Timeout = Limit)]
    public async Task A_link_that_leads_nowhere_is_named()
    {
        _files.Guest.Nodes["/home/tester/link"] = new FakeNode { Mode = 0xA1FF, Target = "/nowhere/f" };

        foreach (var address in (Uri[])[_files.At("/home/tester/link"), new(_files.Stat("/home/tester/link"), UriKind.Relative), _files.At("/home/tester/link/in/it")])
        {
            using var answer = await _files.Http.GetAsync(address, Cancellation);
            var problem = await answer.ReadProblemAsync(HttpStatusCode.NotFound);
            Assert.Equal("file_not_found", problem.Text("code"));
            Assert.StartsWith("/home/tester/link is a symbolic link to /nowhere/f", problem.Text("detail"), StringComparison.Ordinal);
        }
        using var refused = await _files.PutAsync("/home/tester/link", [1]);
        Assert.StartsWith("/home/tester/link is a symbolic link", (await refused.ReadProblemAsync(HttpStatusCode.NotFound)).Text("detail"), StringComparison.Ordinal);
        using var other = await _files.Http.GetAsync(_files.At("/home/tester/nothing"), Cancellation);
        Assert.Equal("The guest has no /home/tester/nothing.", (await other.ReadProblemAsync(HttpStatusCode.NotFound)).Text("detail"));
    }

    [Fact(Timeout = Limit)]
    public async Task Parts_of_a_file_can_be_read()
    {
        using var written = await _files.PutAsync("/tmp/f", Encoding.ASCII.GetBytes("0123456789"));
        using var request = new HttpRequestMessage(HttpMethod.Get, _files.At("/tmp/f"));
        request.Headers.Range = new RangeHeaderValue(3, 5);

        using var part = await _files.Http.SendAsync(request, Cancellation);

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
        using var written = await _files.PutAsync(path, [1], query);
        using var read = await _files.Http.GetAsync(_files.At(path), Cancellation);

        Assert.Equal((mode, Uri.EscapeDataString(owner).Replace("%3A", ":", StringComparison.Ordinal)), (read.Headers.GetValues("X-File-Mode").Single(), read.Headers.GetValues("X-File-Owner").Single()));
    }

    [Fact(Timeout = Limit)]
    public async Task A_file_that_is_replaced_keeps_mode_and_owner()
    {
        var old = _files.Guest.Add("/etc/secret", "old");
        (old.Mode, old.Owner) = (0x8180, (1000, 50));

        using var written = await _files.PutAsync("/etc/secret", [1]);

        var stat = await _files.Http.GetJsonAsync(_files.Stat("/etc/secret"));
        Assert.Equal(("0600", "tester", "staff", 1), (stat.Text("mode"), stat.Text("owner"), stat.Text("group"), stat.GetProperty("size").GetInt64()));
    }

    /// <summary>A client that resumes an upload would make a file of its end alone (RFC 9110, section 14.5).</summary>
    [Fact(Timeout = Limit)]
    public async Task A_part_of_a_file_is_not_taken_for_the_whole()
    {
        _files.Guest.Add("/etc/old", "old");
        using var content = new ByteArrayContent([1]) { Headers = { ContentRange = new ContentRangeHeaderValue(2, 2, 3) } };

        using var refused = await _files.Http.PutAsync(_files.At("/etc/old"), content, Cancellation);

        Assert.Equal("bad_request", (await refused.ReadProblemAsync(HttpStatusCode.BadRequest)).Text("code"));
        Assert.Equal("old", Encoding.UTF8.GetString([.. _files.Guest.Nodes["/etc/old"].Content]));
    }

    [Theory(Timeout = Limit)]
    [InlineData("Range", "bytes=9-", HttpStatusCode.RequestedRangeNotSatisfiable)]
    [InlineData("If-Unmodified-Since", "Sat, 01 Jan 2000 00:00:00 GMT", HttpStatusCode.PreconditionFailed)]
    [InlineData("If-Modified-Since", "Thu, 01 Jan 2026 00:00:00 GMT", HttpStatusCode.NotModified)]
    [InlineData("Range", "bytes=1-", HttpStatusCode.PartialContent)]
    public async Task Conditions_and_ranges_have_their_answers(string header, string value, HttpStatusCode status)
    {
        _files.Guest.Add("/etc/f", "abc");
        using var request = new HttpRequestMessage(HttpMethod.Get, _files.At("/etc/f")) { Headers = { { header, value } } };

        using var response = await _files.Http.SendAsync(request, Cancellation);

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
        _files.Guest.Nodes["/dev0"] = new FakeNode { Mode = 0x2180 };
        using var request = new HttpRequestMessage(new HttpMethod(method), _files.At(path, query));

        using var response = await _files.Http.SendAsync(request, Cancellation);

        Assert.Equal(code, (await response.ReadProblemAsync(status)).Text("code"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_full_disk_and_a_missing_right_are_told_apart_and_leave_nothing()
    {
        _files.Guest.Add("/etc/old", "old");
        var before = _files.Guest.Nodes.Keys.Order().ToList();
        _files.Guest.IsFull = true;
        using var full = await _files.PutAsync("/etc/old", [1]);
        (_files.Guest.IsFull, _files.Guest.IsForbidden) = (false, true);
        using var forbidden = await _files.PutAsync("/etc/old", [1]);

        Assert.Equal("guest_disk_full", (await full.ReadProblemAsync(HttpStatusCode.InsufficientStorage)).Text("code"));
        Assert.Equal("file_permission_denied", (await forbidden.ReadProblemAsync(HttpStatusCode.Forbidden)).Text("code"));
        Assert.Equal(before, _files.Guest.Nodes.Keys.Order());
        Assert.Equal("old", Encoding.UTF8.GetString([.. _files.Guest.Nodes["/etc/old"].Content]));
    }

    /// <summary>A mount point in use, for instance: how full its disk is has nothing to do with it.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_full_disk_is_no_reason_why_something_is_not_deleted()
    {
        _files.Guest.IsFull = true;
        _files.Guest.Before = (request, _) => request == "RemoveDirectory" ? throw new SftpException(SftpStatus.Failure, "Failure") : Task.CompletedTask;

        using var refused = await _files.Http.DeleteAsync(_files.At("/tmp"), Cancellation);

        Assert.Equal("file_failed", (await refused.ReadProblemAsync(HttpStatusCode.InternalServerError)).Text("code"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_file_that_becomes_shorter_breaks_its_answer_off()
    {
        _files.Guest.Nodes["/tmp/f"] = new FakeNode { Mode = 0x81A4, Claims = 100_000, Content = [1] };

        await Assert.ThrowsAsync<HttpRequestException>(() => _files.Http.GetAsync(_files.At("/tmp/f"), Cancellation));
    }

    [Theory(Timeout = Limit)]
    [InlineData("ä", 128)]
    [InlineData("x/", 2048)]
    public async Task A_path_that_no_guest_can_hold_is_a_fault(string part, int times)
    {
        using var response = await _files.PutAsync("/tmp/" + string.Concat(Enumerable.Repeat(part, times)), [1]);

        var fault = Assert.Single((await response.ReadProblemAsync(HttpStatusCode.BadRequest)).GetProperty("errors").EnumerateArray());
        Assert.Equal(("/path", "path_invalid"), (fault.Text("pointer"), fault.Text("code")));
    }

    [Fact(Timeout = Limit)]
    public async Task Every_fault_of_a_query_is_told()
    {
        using var response = await _files.PutAsync("etc/../x", [1], "&mode=rw&owner=A:b:c&parents=yes");

        var errors = (await response.ReadProblemAsync(HttpStatusCode.BadRequest)).GetProperty("errors").EnumerateArray();
        Assert.Equal(["/path path_invalid", "/mode mode_invalid", "/owner owner_invalid", "/parents type_mismatch"], errors.Select(error => $"{error.Text("pointer")} {error.Text("code")}"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_directory_is_deleted_with_what_is_in_it_when_that_is_asked_for()
    {
        _files.Guest.Add("/home/tester/f", "x");

        using var deleted = await _files.Http.DeleteAsync(_files.At("/home/tester", "&recursive=true"), Cancellation);

        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.DoesNotContain(_files.Guest.Nodes.Keys, path => path.StartsWith("/home/", StringComparison.Ordinal));
    }
}
