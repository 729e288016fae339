using System.Net;
using System.Text;
using AutoProvision.Fakes;

namespace AutoProvision.Api;

/// <summary>Over a real server: the test server does not know Kestrel's limits, and its client keeps a body before it is sent.</summary>
public sealed class FileBodyTests
{
    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_may_be_larger_than_other_bodies_with_a_length_or_without(bool isChunked)
    {
        await using var host = new FakeHost();
        await using var app = new AutoProvisionApp(host, []);
        app.UseKestrel();
        using var http = app.CreateClient();
        var vm = await http.CreateVmAsync();
        await http.UntilAsync(vm, "ready");
        using var request = new HttpRequestMessage(HttpMethod.Put, $"{vm}/files?path=/tmp/large") { Content = new ByteArrayContent(new byte[2 * ApiRegistration.MaxBodySize]) };
        request.Headers.TransferEncodingChunked = isChunked;

        using var written = await http.SendAsync(request, TestContext.Current.CancellationToken);
        using var read = await http.GetAsync(new Uri($"{vm}/files?path=/tmp/large", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.OK), (written.StatusCode, read.StatusCode));
        Assert.Equal(2 * ApiRegistration.MaxBodySize, (await read.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Length);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_upload_that_is_cut_off_leaves_the_old_file_and_nothing_else()
    {
        await using var host = new FakeHost();
        await using var app = new AutoProvisionApp(host, []);
        app.UseKestrel();
        using var http = app.CreateClient();
        var vm = await http.CreateVmAsync();
        await http.UntilAsync(vm, "ready");
        var guest = host.Guests.Files;
        guest.Add("/etc/old", "old");
        var before = Names(guest);
        using var abort = new CancellationTokenSource();
        using var plain = new HttpClient { BaseAddress = http.BaseAddress };
        using var body = new StreamContent(new CutStream(abort, () => guest.Written > 0));

        await Assert.ThrowsAnyAsync<Exception>(() => plain.PutAsync(new Uri($"{vm}/files?path=/etc/old", UriKind.Relative), body, abort.Token));

        await UntilAsync(() => before.SequenceEqual(Names(guest)));
        Assert.True(guest.Written > 0);
        Assert.Equal("old", Encoding.UTF8.GetString([.. guest.Nodes["/etc/old"].Content]));
    }

    private static List<string> Names(FakeFiles guest)
    {
        lock (guest.Nodes)
            return [.. guest.Nodes.Keys.Order(StringComparer.Ordinal)];
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!condition())
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>A megabyte; its sender goes once some of it was written.</summary>
    private sealed class CutStream(CancellationTokenSource abort, Func<bool> isWritten) : MemoryStream(new byte[1024 * 1024])
    {
        public override bool CanSeek => false;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = await base.ReadAsync(buffer, cancellationToken);
            if (count > 0)
                return count;
            await UntilAsync(isWritten);
            await abort.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
            throw new IOException("The sender is gone.");
        }
    }
}
