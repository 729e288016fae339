using System.Net;
using System.Text;
using System.Text.Json;
using AutoProvision.CloudInit;
using AutoProvision.Fakes;
using AutoProvision.Inputs;
using AutoProvision.Vms;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace AutoProvision.Api;

/// <summary>Nobody waits for the answer: the work for it ends, and is not called a failure.</summary>
public sealed class CancelledRequestTests
{
    private const int Limit = 30_000;

    [Theory(Timeout = Limit)]
    [InlineData("application/json", "{\"packages\": [\"a\"]}")]
    [InlineData("application/yaml", "packages: [a]")]
    public async Task A_body_is_read_no_further(string type, string body)
    {
        using var source = new CancellationTokenSource();
        var context = new DefaultHttpContext { RequestAborted = source.Token };
        context.Features.Set<IHttpRequestBodyDetectionFeature>(new HasBody());
        context.Request.ContentType = type;
        context.Request.Body = new LastBytes(Encoding.UTF8.GetBytes(body), source);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Body<VmRequest>.BindAsync(context, null!));
    }

    [Fact(Timeout = Limit)]
    public async Task A_text_is_checked_no_further()
    {
        await using var host = new FakeHost();
        var vms = host.Start().Get<VmService>();
        using var source = new CancellationTokenSource();
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => vms.CreateAsync(new VmRequest { UserData = "#cloud-config\n{}" }, [], null, source.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => vms.CreateAsync(new VmRequest { NetworkConfig = "version: 9" }, [], null, source.Token));

        Assert.Throws<OperationCanceledException>(() => CallersUserData.Read("#cloud-config\n{}", OwnDescriptions.None, source.Token));
        Assert.Throws<OperationCanceledException>(() => CallersUserData.Read(CallersUserDataTests.Mime("Content-Type: text/cloud-config\n\n{}\n"), OwnDescriptions.None, source.Token));
        Assert.Throws<OperationCanceledException>(() => NetworkConfig.Read("version: 2\nethernets: {}", source.Token));
        Assert.Empty(vms.List());
    }

    [Fact(Timeout = Limit)]
    public async Task It_is_neither_logged_nor_counted_as_a_failure()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        using var source = new CancellationTokenSource();
        using var content = new CancelledContent($$"""{"userData": {{JsonSerializer.Serialize("#cloud-config\na: [" + NastyYaml.Fill("b,", 100_000) + "]")}}}""", source);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => http.PostAsync(new Uri("/vms", UriKind.Relative), content, source.Token));

        string counted;
        do
            counted = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);
        while (!counted.Contains("http_requests_received_total{code=\"499\",method=\"POST\",route=\"/vms\"} 1", StringComparison.Ordinal));
        Assert.DoesNotContain("http_requests_received_total{code=\"5", counted, StringComparison.Ordinal);
        Assert.Empty(host.Log.Troubles);
    }

    private sealed class HasBody : IHttpRequestBodyDetectionFeature
    {
        public bool CanHaveBody => true;
    }

    /// <summary>The client goes when its body was read.</summary>
    private sealed class LastBytes(byte[] bytes, CancellationTokenSource source) : MemoryStream(bytes)
    {
        public override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
        {
            await base.CopyToAsync(destination, bufferSize, cancellationToken);
            await source.CancelAsync();
        }
    }

    /// <summary>The client goes as soon as all but the end of its body was sent.</summary>
    private sealed class CancelledContent : HttpContent
    {
        private readonly byte[] _body;
        private readonly CancellationTokenSource _source;

        public CancelledContent(string body, CancellationTokenSource source)
        {
            (_body, _source) = (Encoding.UTF8.GetBytes(body), source);
            Headers.ContentType = new("application/json");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(_body.AsMemory(0, _body.Length - 1));
            await stream.FlushAsync();
            await _source.CancelAsync();
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _body.Length;
            return true;
        }
    }
}
