using System.Net;
using System.Net.Http.Headers;
using AutoProvision.Fakes;
using Microsoft.Extensions.Hosting;

namespace AutoProvision.Api;

public sealed class ConsoleTests : IAsyncLifetime
{
    private const int Limit = 30_000;
    private readonly FakeHost _host = new();
    private AutoProvisionApp _app = null!;
    private HttpClient _http = null!;
    private string _vm = "";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private Guid Id => Guid.Parse(_vm.Split('/')[^1]);

    public async ValueTask InitializeAsync()
    {
        _app = _host.Start();
        _http = _app.CreateClient();
        _vm = await _http.CreateVmAsync();
        await _http.UntilAsync(_vm, "ready");
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _host.DisposeAsync();
    }

    [Theory(Timeout = Limit)]
    [InlineData("", "one\ntwo\n[  OK  ] grün\n")]
    [InlineData("?tail=2", "two\n[  OK  ] grün\n")]
    [InlineData("?tail=1&raw=true", "[\u001b[0;32m  OK  \u001b[0m] grün\r\n")]
    public async Task The_last_lines_are_read(string query, string expected)
    {
        _host.Hypervisor.Consoles[Id] = "one\r\ntwo\n[\u001b[0;32m  OK  \u001b[0m] grün\r\n";

        using var response = await _http.GetAsync(new Uri($"{_vm}/console{query}", UriKind.Relative), Cancellation);

        Assert.Equal((HttpStatusCode.OK, "text/plain; charset=utf-8"), (response.StatusCode, response.Content.Headers.ContentType?.ToString()));
        Assert.Equal(expected, await response.Content.ReadAsStringAsync(Cancellation));
    }

    [Theory(Timeout = Limit)]
    [InlineData("?tail=0", "/tail out_of_range")]
    [InlineData("?tail=10001", "/tail out_of_range")]
    [InlineData("?tail=all&raw=1", "/tail out_of_range", "/raw type_mismatch")]
    public async Task A_wrong_query_is_told_all_its_faults(string query, params string[] faults)
    {
        using var response = await _http.GetAsync(new Uri($"{_vm}/console{query}", UriKind.Relative), Cancellation);

        var errors = (await response.ReadProblemAsync(HttpStatusCode.BadRequest)).GetProperty("errors").EnumerateArray();
        Assert.Equal(faults, errors.Select(error => $"{error.Text("pointer")} {error.Text("code")}"));
    }

    [Theory(Timeout = Limit)]
    [InlineData("?tail=0&raw=banana", "/tail out_of_range", "/raw type_mismatch")]
    [InlineData("?raw=true", "/raw field_conflict")]
    public async Task A_wrong_query_is_no_stream(string query, params string[] faults)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{_vm}/console{query}") { Headers = { Accept = { new MediaTypeWithQualityHeaderValue("text/event-stream") } } };

        using var response = await _http.SendAsync(request, Cancellation);

        var errors = (await response.ReadProblemAsync(HttpStatusCode.BadRequest)).GetProperty("errors").EnumerateArray();
        Assert.Equal(faults, errors.Select(error => $"{error.Text("pointer")} {error.Text("code")}"));
    }

    [Theory(Timeout = Limit)]
    [InlineData("text/plain")]
    [InlineData("text/event-stream")]
    public async Task A_VM_without_a_log_has_a_code_of_its_own(string accept)
    {
        await _http.DeleteVmAsync(_vm);
        await _http.UntilAsync(_vm, "deleted");
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{_vm}/console") { Headers = { Accept = { new MediaTypeWithQualityHeaderValue(accept) } } };

        using var response = await _http.SendAsync(request, Cancellation);

        Assert.Equal("console_missing", (await response.ReadProblemAsync(HttpStatusCode.NotFound)).Text("code"));
    }

    [Fact(Timeout = Limit)]
    public async Task New_lines_come_as_they_are_written_until_the_VM_is_deleted()
    {
        _host.Hypervisor.Consoles[Id] = "one\ntwo\nth";
        using var response = await FollowAsync("?tail=2");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));
        Assert.Equal(["event: line", "data: two", ""], await ReadAsync(reader, 3));

        _host.Hypervisor.Consoles[Id] += "ree\r\nlogin: ";
        Assert.Equal(["event: line", "data: three", ""], await ReadAsync(reader, 3));
        await _http.DeleteVmAsync(_vm);

        Assert.Equal("event: line\ndata: login: \n\n", await reader.ReadToEndAsync(Cancellation));
    }

    [Fact(Timeout = Limit)]
    public async Task A_quiet_console_has_a_comment_every_15_seconds()
    {
        _host.Hypervisor.Consoles[Id] = "";
        using var response = await FollowAsync("");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));

        for (var time = 0; time < 3; time++)
        {
            await _host.Time.PassUntilAsync(TimeSpan.FromSeconds(15), reader.ReadLineAsync(Cancellation).AsTask(), ": still here");
            Assert.Equal("", await reader.ReadLineAsync(Cancellation));
        }
    }

    [Fact(Timeout = Limit)]
    public async Task A_service_that_stops_ends_the_stream()
    {
        using var response = await FollowAsync("");
        var reading = response.Content.ReadAsStringAsync(Cancellation);

        await _app.Get<IHost>().StopAsync(Cancellation);

        await reading;
        Assert.Empty(_host.Log.Troubles);
    }

    private async Task<HttpResponseMessage> FollowAsync(string query)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{_vm}/console{query}") { Headers = { Accept = { new MediaTypeWithQualityHeaderValue("text/event-stream") } } };
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return response;
    }

    private static async Task<List<string?>> ReadAsync(StreamReader reader, int lines)
    {
        var read = new List<string?>();
        while (read.Count < lines)
            read.Add(await reader.ReadLineAsync(Cancellation));
        return read;
    }
}
