using System.Net;
using AutoProvision.Fakes;
using AutoProvision.Vms;

namespace AutoProvision.Api;

/// <summary>A value has one spelling: an address that is compared as text, by a proxy's rule or in a log, stands for one thing.</summary>
public sealed class SpellingTests
{
    private const int Limit = 60_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory(Timeout = Limit)]
    [InlineData("upper")]
    [InlineData("N")]
    [InlineData("B")]
    [InlineData("P")]
    [InlineData("X")]
    [InlineData(" D")]
    [InlineData("D ")]
    [InlineData("\tD")]
    public async Task A_VM_is_found_by_the_one_spelling_of_its_id(string spelling)
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var http = app.CreateClient();
        var vm = await http.ReadyVmAsync();
        var id = vm["/vms/".Length..];
        var other = Uri.EscapeDataString(spelling == "upper" ? id.ToUpperInvariant() : spelling.Length == 1 ? Guid.Parse(id).ToString(spelling) : spelling.Replace("D", id, StringComparison.Ordinal));
        // What cannot be in a path at all is refused before.
        var isControl = spelling.Any(char.IsControl);

        foreach (var (method, path) in new[] { ("GET", ""), ("DELETE", ""), ("POST", "/clone"), ("POST", "/stop"), ("GET", "/ssh"), ("GET", "/snapshots/s1"), ("GET", "/events"), ("GET", "/console") })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), $"/vms/{other}{path}");
            using var response = await http.SendAsync(request, Cancellation);
            var problem = await response.ReadProblemAsync(isControl ? HttpStatusCode.BadRequest : HttpStatusCode.NotFound);
            Assert.Equal(isControl ? "request_target_invalid" : "vm_not_found", problem.Text("code"));
            Assert.True(isControl || problem.Text("hint").EndsWith($" {id}.", StringComparison.Ordinal), problem.Text("hint"));
        }
        using var events = await http.OpenAllEventsAsync($"?vm={other}");
        var fault = Assert.Single((await events.ReadProblemAsync(HttpStatusCode.BadRequest)).GetProperty("errors").EnumerateArray());

        Assert.Equal(("/vm", "query_invalid"), (fault.Text("pointer"), fault.Text("code")));
        Assert.EndsWith($" {id}.", fault.Text("hint"), StringComparison.Ordinal);
        Assert.Equal(VmState.Ready, Assert.Single(app.Get<VmStore>().List()).State);
        Assert.Equal(id, (await http.GetJsonAsync(vm)).Text("id"));
    }

    [Fact(Timeout = Limit)]
    public async Task An_orphan_and_a_cursor_have_one_spelling_too()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();
        await http.ReadyVmAsync();
        var id = Guid.Parse(vm["/vms/".Length..]);
        using var orphan = await http.DeleteAsync(new Uri($"/host/orphans/{id.ToString().ToUpperInvariant()}", UriKind.Relative), Cancellation);
        Assert.EndsWith($" {id}.", (await orphan.ReadProblemAsync(HttpStatusCode.NotFound)).Text("hint"), StringComparison.Ordinal);

        foreach (var cursor in new[] { id.ToString("N").ToUpperInvariant(), $"{id}", $" {id:N}", $"{id:N} ", $"{id:B}" })
            Assert.Equal(["/cursor cursor_invalid"], await FaultsAsync(http, $"/vms?cursor={Uri.EscapeDataString(cursor)}"));
        Assert.Single((await http.GetJsonAsync($"/vms?cursor={id:N}")).EnumerateArray());
    }

    [Theory(Timeout = Limit)]
    [InlineData("/vms?limit=", "5")]
    [InlineData("{vm}?wait=ready&timeoutSeconds=", "5")]
    [InlineData("{vm}/console?tail=", "5")]
    [InlineData("{vm}/terminal?cols=", "80")]
    [InlineData("{vm}/terminal?rows=", "24")]
    public async Task A_number_is_digits_alone(string address, string right)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();
        address = address.Replace("{vm}", vm, StringComparison.Ordinal);
        var name = address[(address.LastIndexOfAny(['?', '&']) + 1)..^1];

        foreach (var wrong in new[] { $"+{right}", $" {right}", $"{right} ", $"0{right}", $"{right}\0", $"{right}.0", $"{right}e0", "-1", "0", "", "٥", $"0x{right}", "99999999999999999999" })
            Assert.True((await FaultsAsync(http, address + Uri.EscapeDataString(wrong))).Single().StartsWith($"/{name} ", StringComparison.Ordinal), $"\"{wrong}\"");
        using var read = await http.GetAsync(new Uri(address + right, UriKind.Relative), Cancellation);
        // A terminal is refused only since this is no WebSocket.
        Assert.True(read.IsSuccessStatusCode || (await read.ReadProblemAsync(HttpStatusCode.BadRequest)).Text("code") == "websocket_wanted", $"{read.StatusCode}");
    }

    [Theory(Timeout = Limit)]
    [InlineData("{vm}/events")]
    [InlineData("/events")]
    public async Task The_id_of_an_event_is_digits_alone(string address)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();

        foreach (var wrong in new[] { "+1", "-0", "01", "1.0", "1,0", "1 1" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address.Replace("{vm}", vm, StringComparison.Ordinal));
            request.Headers.TryAddWithoutValidation("Last-Event-ID", wrong);
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
            Assert.Equal("event_id_invalid", Assert.Single((await response.ReadProblemAsync(HttpStatusCode.BadRequest)).GetProperty("errors").EnumerateArray()).Text("code"));
        }
    }

    [Theory(Timeout = Limit)]
    [InlineData("/vms?state=Ready")]
    [InlineData("/vms?state=%20ready")]
    [InlineData("/vms?state=3")]
    [InlineData("{vm}?wait=Ready")]
    [InlineData("{vm}?wait=%20ready")]
    [InlineData("/events?type=State")]
    [InlineData("/events?from=Oldest")]
    [InlineData("{vm}/console?raw=True")]
    [InlineData("{vm}/console?raw=1")]
    [InlineData("{vm}/files?path=/tmp/a&recursive=True")]
    [InlineData("{vm}/files?path=/tmp/a&recursive=1")]
    [InlineData("{vm}/files?path=/tmp/a&parents=yes")]
    [InlineData("{vm}/files?path=/tmp/a&owner=%2B5")]
    [InlineData("{vm}/files?path=/tmp/a&owner=%205")]
    [InlineData("{vm}/files?path=/tmp/a&owner=005")]
    [InlineData("{vm}/files?path=/tmp/a&owner=5:%2B5")]
    public async Task A_word_has_one_case_and_no_white_space(string address)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();
        var method = address switch
        {
            _ when address.Contains("recursive", StringComparison.Ordinal) => HttpMethod.Delete,
            _ when address.Contains("files", StringComparison.Ordinal) => HttpMethod.Put,
            _ => HttpMethod.Get,
        };

        Assert.Single(await FaultsAsync(http, address.Replace("{vm}", vm, StringComparison.Ordinal), method));
    }

    private static async Task<List<string>> FaultsAsync(HttpClient http, string address, HttpMethod? method = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, address);
        using var response = await http.SendAsync(request, Cancellation);
        var problem = await response.ReadProblemAsync(HttpStatusCode.BadRequest);
        Assert.Equal("invalid_request", problem.Text("code"));
        return [.. problem.GetProperty("errors").EnumerateArray().Select(fault => $"{fault.Text("pointer")} {fault.Text("code")}")];
    }
}
