using System.Text;
using AutoProvision.CloudInit;
using AutoProvision.Fakes;
using AutoProvision.Vms;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace AutoProvision.Api;

/// <summary>Nobody waits for the answer: the work for it ends.</summary>
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

    private sealed class HasBody : IHttpRequestBodyDetectionFeature
    {
        public bool CanHaveBody => true;
    }

    /// <summary>The client goes when its body was read.</summary>
    private sealed class LastBytes(byte[] bytes, CancellationTokenSource source) : MemoryStream(bytes)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = await base.ReadAsync(buffer, cancellationToken);
            if (count == 0)
                await source.CancelAsync();
            return count;
        }
    }
}
