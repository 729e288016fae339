using System.Diagnostics;
using System.Formats.Tar;
using System.Net.Http.Headers;
using System.Text;

namespace AutoProvision.HostTests.Vms.Whole;

/// <summary>A directory of many small files over the API, beside the same through one tar file and exec.</summary>
internal sealed class ManyFileProofs(WholeGuest guest)
{
    private const int Count = 3000;
    private const string Home = "/home/debian/many";
    private const string Type = "application/x-tar";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async Task TheyTakeAboutAsLongAsThroughExecAsync()
    {
        var archive = await ArchiveAsync();
        await guest.SayAsync($"mkdir -p {Home}");
        // The first one pays for what the other finds: the login of the service's account, and programs that the guest reads from its disk.
        foreach (var what in (string[])["the first PUT", "PUT"])
        {
            await guest.SayAsync($"sudo rm -rf {Home}/files {Home}/copy");
            await PrintAsync(what, async () => await PutAsync("files", archive, Type), async () =>
            {
                await PutAsync("in.tar", archive, "application/octet-stream");
                await guest.SayAsync($"mkdir {Home}/copy && sudo tar -xpf {Home}/in.tar -C {Home}/copy");
            });
        }
        Assert.Equal($"{Count} {Count}", await guest.SayAsync($"cd {Home}; echo $(find files -type f | wc -l) $(find copy -type f | wc -l); diff -r files copy"));
        await PrintAsync("PUT over what is there", async () => await PutAsync("files", archive, Type), async () =>
        {
            await PutAsync("in.tar", archive, "application/octet-stream");
            await guest.SayAsync($"sudo tar -xpf {Home}/in.tar -C {Home}/copy");
        });
        await guest.SayAsync($"cd {Home}; diff -r files copy; test $(ls -A files | wc -l) = $(ls -A copy | wc -l)");
        await PrintAsync("GET", async () => Assert.Equal(Count, await CountAsync("files")), async () =>
        {
            await guest.SayAsync($"sudo tar -cf {Home}/out.tar -C {Home}/copy .");
            using var answer = await guest.Http.GetAsync(At("out.tar"), HttpCompletionOption.ResponseHeadersRead, Cancellation);
            Assert.Equal(Count, await CountAsync(answer));
        });
        await PrintAsync("DELETE", async () => await DeleteAsync("files"), () => guest.SayAsync($"sudo rm -rf {Home}/copy"));
        await DeleteAsync("");
    }

    private static async Task PrintAsync(string what, Func<Task> api, Func<Task> exec)
    {
        var times = new List<double>();
        foreach (var way in (Func<Task>[])[api, exec])
        {
            var started = Stopwatch.StartNew();
            await way();
            times.Add(started.Elapsed.TotalSeconds);
        }
        Console.WriteLine($"figure: {what} of {Count} small files: {times[0]:0.0} s, through one tar file and exec {times[1]:0.0} s, ratio {times[0] / times[1]:0.00}");
    }

    private static async Task<byte[]> ArchiveAsync()
    {
        var bytes = new MemoryStream();
        await using (var tar = new TarWriter(bytes, leaveOpen: true))
            for (var i = 0; i < Count; i++)
                await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, $"d{i / 100}/f{i}") { DataStream = new MemoryStream(Encoding.ASCII.GetBytes(new string('x', 100 + i))) }, Cancellation);
        return bytes.ToArray();
    }

    private async Task PutAsync(string name, byte[] bytes, string type)
    {
        using var body = new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };
        using var answer = await guest.Http.PutAsync(At(name), body, Cancellation);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancellation));
    }

    private async Task<int> CountAsync(string name)
    {
        using var answer = await guest.Http.GetAsync(At(name), HttpCompletionOption.ResponseHeadersRead, Cancellation);
        return await CountAsync(answer);
    }

    private static async Task<int> CountAsync(HttpResponseMessage answer)
    {
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}");
        await using var reader = new TarReader(await answer.Content.ReadAsStreamAsync(Cancellation));
        var files = 0;
        while (await reader.GetNextEntryAsync(copyData: true, Cancellation) is { } entry)
            files += entry.EntryType == TarEntryType.RegularFile ? 1 : 0;
        return files;
    }

    private async Task DeleteAsync(string name)
    {
        using var answer = await guest.Http.DeleteAsync(new Uri($"{At(name)}&recursive=true", UriKind.Relative), Cancellation);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancellation));
    }

    private Uri At(string name) => new($"{guest.Path}/files?path={Home}/{name}", UriKind.Relative);
}
