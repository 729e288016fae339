using System.Globalization;
using System.Net;
using AutoProvision.Fakes;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace AutoProvision.Api;

/// <summary>The OpenAPI document is made once.</summary>
public sealed class DocumentCacheTests
{
    private const int Limit = 60_000;
    private static readonly Uri Document = new("/openapi/v1.json", UriKind.Relative);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limit)]
    public async Task Whoever_asks_first_and_by_whatever_name_gets_the_same_document_that_is_made_once()
    {
        await using var host = new FakeHost();
        var made = 0;
        await using var app = Counting(host, () => Interlocked.Increment(ref made));
        using var http = app.CreateClient();

        var texts = await Task.WhenAll(Enumerable.Range(0, 20).Select(async number =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Document);
            request.Headers.Host = number % 2 == 0 ? "localhost:5080" : "127.0.0.1";
            using var response = await http.SendAsync(request, Cancellation);
            Assert.Equal("application/json; charset=utf-8", response.Content.Headers.ContentType?.ToString());
            return await response.Content.ReadAsStringAsync(Cancellation);
        }));

        Assert.Single(texts.Distinct());
        Assert.DoesNotContain("localhost:5080", texts[0], StringComparison.Ordinal);
        Assert.Equal(1, made);
    }

    [Fact(Timeout = Limit)]
    public async Task A_client_that_has_it_is_not_sent_it_again()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        using var first = await http.GetAsync(Document, Cancellation);
        using var request = new HttpRequestMessage(HttpMethod.Get, Document);
        request.Headers.IfNoneMatch.Add(first.Headers.ETag!);

        using var again = await http.SendAsync(request, Cancellation);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotModified), (first.StatusCode, again.StatusCode));
        Assert.Equal((first.Headers.ETag, true), (again.Headers.ETag, again.Headers.CacheControl?.NoCache));
        Assert.Empty(await again.Content.ReadAsByteArrayAsync(Cancellation));
        await using var other = new FakeHost();
        using var restarted = other.Start().CreateClient();
        using var same = await restarted.GetAsync(Document, Cancellation);
        Assert.Equal(first.Headers.ETag, same.Headers.ETag);
    }

    [Fact(Timeout = Limit)]
    public async Task A_failure_is_not_kept()
    {
        await using var host = new FakeHost();
        var asked = 0;
        await using var app = Counting(host, () =>
        {
            if (asked++ == 0)
                throw new InvalidOperationException("Not yet.");
        });
        using var http = app.CreateClient();

        using var failed = await http.GetAsync(Document, Cancellation);
        using var made = await http.GetAsync(Document, Cancellation);

        Assert.Equal((HttpStatusCode.InternalServerError, HttpStatusCode.OK), (failed.StatusCode, made.StatusCode));
    }

    [Fact(Timeout = Limit)]
    public async Task What_a_request_for_it_costs()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        await http.GetStringAsync(Document, Cancellation);
        var before = Environment.CpuUsage.TotalTime;

        for (var number = 0; number < 40; number++)
            await http.GetStringAsync(Document, Cancellation);

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"figure: GET /openapi/v1.json: CPU ms of service and client: {(Environment.CpuUsage.TotalTime - before).TotalMilliseconds / 40:0.00}"));
    }

    private static WebApplicationFactory<Program> Counting(FakeHost host, Action made) => new AutoProvisionApp(host, []).WithWebHostBuilder(builder =>
        builder.ConfigureTestServices(services => services.Configure<OpenApiOptions>("v1", options => options.AddDocumentTransformer((_, _, _) =>
        {
            made();
            return Task.CompletedTask;
        }))));
}
