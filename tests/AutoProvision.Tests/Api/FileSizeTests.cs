using System.Net;
using AutoProvision.Fakes;

namespace AutoProvision.Api;

/// <summary>Over a real server: the test server does not know Kestrel's limits.</summary>
public sealed class FileSizeTests
{
    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_may_be_larger_than_other_bodies_with_a_length_or_without(bool isChunked)
    {
        await using var host = new FakeHost();
        await using var app = new AutoProvisionApp(host, []);
        app.UseKestrel(0);
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
}
