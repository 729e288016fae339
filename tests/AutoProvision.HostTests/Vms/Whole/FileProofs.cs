using System.Formats.Tar;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using AutoProvision.Ssh;

namespace AutoProvision.HostTests.Vms.Whole;

/// <summary>Files of the guest over the API.</summary>
internal sealed class FileProofs(WholeGuest guest)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>There, seen there, and back.</summary>
    public async Task ALargeFileHasOneChecksumAsync()
    {
        using var sent = new RandomStream(200L * 1024 * 1024);
        Assert.Equal(HttpStatusCode.Created, await PutAsync("/home/debian/large", sent));
        var there = await guest.SayAsync("sha256sum </home/debian/large");
        using var answer = await GetAsync("/home/debian/large");
        await using var body = await answer.Content.ReadAsStreamAsync(Cancellation);

        var back = Convert.ToHexStringLower(await SHA256.HashDataAsync(body, Cancellation));

        var whole = Convert.ToHexStringLower(sent.Hash());
        Assert.Equal((whole, whole), (there[..64], back));
        using var deleted = await guest.Http.DeleteAsync(new Uri(At("/home/debian/large"), UriKind.Relative), Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
    }

    public async Task ModeAndOwnerAreAsAskedAsync()
    {
        using var content = new MemoryStream("secret"u8.ToArray());
        Assert.Equal(HttpStatusCode.Created, await PutAsync("/etc/kept", content, "&mode=0600&owner=root:adm"));
        Assert.Equal("600 root:adm secret", await guest.SayAsync("sudo stat -c '%a %U:%G' /etc/kept | tr '\\n' ' '; sudo cat /etc/kept"));
        using var answer = await GetAsync("/etc/kept");
        Assert.Equal(("0600", "root:adm"), (Assert.Single(answer.Headers.GetValues("X-File-Mode")), Assert.Single(answer.Headers.GetValues("X-File-Owner"))));
    }

    public async Task ADirectoryGoesBothWaysAsTarAsync()
    {
        using var archive = new MemoryStream();
        await using (var tar = new TarWriter(archive, leaveOpen: true))
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "sub/größe") { DataStream = new MemoryStream("tarred"u8.ToArray()), Mode = (UnixFileMode)0b110_100_000 }, Cancellation);
        archive.Position = 0;
        await guest.SayAsync("mkdir -p /home/debian/tree");
        Assert.Contains(await PutAsync("/home/debian/tree", archive, "&owner=debian", "application/x-tar"), new[] { HttpStatusCode.Created, HttpStatusCode.NoContent });
        Assert.Equal("tarred 640", await guest.SayAsync("cd tree/sub; cat größe; stat -c ' %a' größe"));

        using var answer = await GetAsync("/home/debian/tree");
        await using var body = await answer.Content.ReadAsStreamAsync(Cancellation);
        await using var reader = new TarReader(body);
        var found = "";
        while (await reader.GetNextEntryAsync(copyData: true, Cancellation) is { } entry)
            if (entry.Name.EndsWith("sub/größe", StringComparison.Ordinal))
                found = await new StreamReader(entry.DataStream!, Encoding.UTF8).ReadToEndAsync(Cancellation);
        Assert.Equal("tarred", found);
    }

    public async Task ACutUploadLeavesNothingAsync()
    {
        await guest.SayAsync("mkdir cut; echo old >cut/f");
        using var content = new RandomStream(50_000_000) { HoldsAt = 20_000_000 };
        using var caller = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var uploading = PutAsync("/home/debian/cut/f", content, cancellation: caller.Token);
        Assert.Same(content.Held, await Task.WhenAny(content.Held, uploading));
        Assert.Matches("^[.]autoprovision-.* f old$", await guest.SayAsync("cd cut; echo $(ls -A) $(cat f)"));

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => uploading);
        // The unfinished file goes after the caller.
        Assert.Equal("f old", await guest.SayAsync("cd cut; i=0; while [ $i -lt 100 ] && [ \"$(ls -A)\" != f ]; do i=$((i+1)); sleep 0.2; done; echo $(ls -A) $(cat f)"));
    }

    private string At(string path) => $"{guest.Path}/files?path={Uri.EscapeDataString(path)}";

    private async Task<HttpResponseMessage> GetAsync(string path)
    {
        var answer = await guest.Http.GetAsync(new Uri(At(path), UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Cancellation);
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}");
        return answer;
    }

    private async Task<HttpStatusCode> PutAsync(string path, Stream content, string query = "", string type = "application/octet-stream", CancellationToken? cancellation = null)
    {
        // It would dispose of the stream.
        var body = new StreamContent(content) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };
        using var answer = await guest.Http.PutAsync(new Uri(At(path) + query, UriKind.Relative), body, cancellation ?? Cancellation);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancellation));
        return answer.StatusCode;
    }
}
