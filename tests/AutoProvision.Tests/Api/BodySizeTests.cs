using System.Net;
using System.Text;
using AutoProvision.Fakes;

namespace AutoProvision.Api;

/// <summary>Over a real server: the test server does not know Kestrel's limits.</summary>
public sealed class BodySizeTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task A_body_beyond_the_limit_is_refused_with_its_own_code()
    {
        await using var host = new FakeHost();
        await using var app = new AutoProvisionApp(host, []);
        app.UseKestrel();
        app.StartServer();
        // As curl does with a large body: sent at once, it would meet a connection that the server has closed after its answer.
        using var handler = new SocketsHttpHandler { Expect100ContinueTimeout = Timeout.InfiniteTimeSpan };
        using var http = new HttpClient(handler) { BaseAddress = app.ClientOptions.BaseAddress };
        http.DefaultRequestHeaders.ExpectContinue = true;

        using var refused = await http.PostAsync(new Uri("/vms", UriKind.Relative), Body(ApiRegistration.MaxBodySize), TestContext.Current.CancellationToken);
        using var read = await http.PostAsync(new Uri("/vms", UriKind.Relative), Body(ApiRegistration.MaxBodySize - 100), TestContext.Current.CancellationToken);

        var problem = await refused.ReadProblemAsync(HttpStatusCode.RequestEntityTooLarge);
        Assert.Equal("body_too_large", problem.Text("code"));
        Assert.Contains("4 MiB", problem.Text("detail"), StringComparison.Ordinal);
        Assert.Equal("invalid_request", (await read.ReadProblemAsync(HttpStatusCode.BadRequest)).Text("code"));
    }

    /// <summary>Twice: at the beginning by what the head says, and in the middle of chunks that add up.</summary>
    [Theory(Timeout = Limit)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_sends_all_of_it_before_it_reads_gets_its_refusal(bool isChunked)
    {
        await using var host = new FakeHost();
        await using var app = new AutoProvisionApp(host, []);
        app.UseKestrel();
        app.StartServer();
        using var http = new HttpClient { BaseAddress = app.ClientOptions.BaseAddress };
        var body = new string('x', 5 * ApiRegistration.MaxBodySize);

        var answer = await http.AskRawAsync("POST /vms", $"Content-Type: application/json\r\n{(isChunked ? "Transfer-Encoding: chunked" : $"Content-Length: {body.Length}")}\r\n",
            isChunked ? $"{body.Length:x}\r\n{body}\r\n0\r\n\r\n" : body);

        Assert.Equal((413, "body_too_large"), (answer.Status, answer.Code));
    }

    private static StringContent Body(int letters) => new($$"""{"colour": "{{new string('x', letters)}}"}""", Encoding.UTF8, "application/json");
}
