using System.Formats.Tar;
using System.Net;

namespace AutoProvision.Api;

/// <summary>A guest whose own tar or SFTP server is made to harm whoever unpacks its archive.</summary>
public sealed class HostileArchiveTests : IAsyncLifetime
{
    private const int Limit = 30_000;
    private VmFiles _files = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _files = await VmFiles.StartAsync();

    public ValueTask DisposeAsync() => _files.DisposeAsync();

    [Fact(Timeout = Limit)]
    public async Task What_its_tar_writes_is_written_again_with_the_guests_names_of_accounts()
    {
        Send([Directory("./"), Directory("./d/"), File("./d/f"), Link("./link", "d/f"), new GnuTarEntry(TarEntryType.Fifo, "./fifo"), new GnuTarEntry(TarEntryType.CharacterDevice, "./device")]);

        using var read = await _files.Http.GetAsync(_files.At("/home/tester"), Cancellation);

        await using var archive = new TarReader(await read.Content.ReadAsStreamAsync(Cancellation));
        var found = new List<string>();
        while (await archive.GetNextEntryAsync(copyData: true, Cancellation) is { } entry)
            found.Add($"{entry.EntryType} {entry.Name} {entry.LinkName} {((GnuTarEntry)entry).UserName} {entry.Length}");
        Assert.Equal(["Directory ./  tester 0", "Directory d/  tester 0", "RegularFile d/f  tester 7", "SymbolicLink link d/f tester 0"], found);
    }

    [Theory(Timeout = Limit)]
    [InlineData("../x")]
    [InlineData("./../x")]
    [InlineData("./d/../../x")]
    [InlineData("/etc/passwd")]
    [InlineData(".//etc/passwd")]
    [InlineData("./link/x")]
    [InlineData("./link")]
    [InlineData("./nowhere/x")]
    [InlineData("./d/.")]
    public async Task A_name_that_leads_out_breaks_the_answer_off_before_it(string name)
    {
        Send([Directory("./"), Directory("./d/"), Link("./link", "/etc"), File(name)]);

        var error = await Assert.ThrowsAnyAsync<Exception>(() => NamesAsync());

        Assert.True(error is HttpRequestException or IOException, $"{error}");
    }

    [Theory(Timeout = Limit)]
    [InlineData(TarEntryType.HardLink)]
    [InlineData(TarEntryType.SparseFile)]
    [InlineData(TarEntryType.MultiVolume)]
    public async Task A_kind_of_entry_that_was_not_asked_for_breaks_the_answer_off(TarEntryType type)
    {
        var bytes = await ArchiveAsync([Directory("./"), File("./f")]);
        // The second header's type, with its checksum.
        var header = bytes.AsSpan(512, 512);
        header[156] = (byte)type;
        header.Slice(148, 8).Fill((byte)' ');
        var sum = 0;
        foreach (var octet in header)
            sum += octet;
        System.Text.Encoding.ASCII.GetBytes($"{Convert.ToString(sum, 8).PadLeft(6, '0')}\0 ").CopyTo(header[148..]);
        Send(bytes);

        await Assert.ThrowsAnyAsync<Exception>(() => NamesAsync());
    }

    [Theory(Timeout = Limit)]
    [InlineData("end 2\n")]
    [InlineData("end 143\n")]
    [InlineData("")]
    public async Task An_archive_without_a_good_end_breaks_the_answer_off(string end)
    {
        Send(await ArchiveAsync([Directory("./"), File("./f")]), end);

        await Assert.ThrowsAnyAsync<Exception>(() => NamesAsync());
    }

    /// <summary>The guest's list of a directory, too: names with slashes are none.</summary>
    [Theory(Timeout = Limit)]
    [InlineData("../x")]
    [InlineData("a/b")]
    public async Task A_name_with_a_slash_in_a_directorys_list_is_refused(string name)
    {
        _files.Guest.Listed = name;

        await Assert.ThrowsAnyAsync<Exception>(() => NamesAsync());
        using var stat = await _files.Http.GetAsync(new Uri(_files.Stat("/home/tester"), UriKind.Relative), Cancellation);
        Assert.Equal(HttpStatusCode.BadGateway, stat.StatusCode);
    }

    private async Task<List<string>> NamesAsync()
    {
        using var read = await _files.Http.GetAsync(_files.At("/home/tester"), Cancellation);
        await using var archive = new TarReader(await read.Content.ReadAsStreamAsync(Cancellation));
        var names = new List<string>();
        while (await archive.GetNextEntryAsync(copyData: true, Cancellation) is { } entry)
            names.Add(entry.Name);
        return names;
    }

    private void Send(TarEntry[] entries) => Send(ArchiveAsync(entries).GetAwaiter().GetResult());

    private void Send(byte[] archive, string end = "end 0\n") =>
        _files.Guest.ProgramOutput = command => command.Contains("tar -cf", StringComparison.Ordinal) ? [.. System.Text.Encoding.ASCII.GetBytes($"{Ssh.Files.GuestCommand.Ready}\n"), .. archive, .. System.Text.Encoding.ASCII.GetBytes(end)] : [];

    private static async Task<byte[]> ArchiveAsync(TarEntry[] entries)
    {
        var bytes = new MemoryStream();
        await using (var writer = new TarWriter(bytes, leaveOpen: true))
            foreach (var entry in entries)
                await writer.WriteEntryAsync(entry, Cancellation);
        return bytes.ToArray();
    }

    private static GnuTarEntry Directory(string name) => new(TarEntryType.Directory, name) { Uid = 1000 };

    private static GnuTarEntry Link(string name, string target) => new(TarEntryType.SymbolicLink, name) { LinkName = target, Uid = 1000 };

    private static GnuTarEntry File(string name) => new(TarEntryType.RegularFile, name) { Uid = 1000, UserName = "../../root", DataStream = new MemoryStream("content"u8.ToArray()) };
}
