using System.Net;
using System.Net.ServerSentEvents;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace AutoProvision.Fakes;

/// <summary>What the tests say to the service over HTTP; every call ends with the test's own deadline.</summary>
internal static class Http
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static Task<HttpResponseMessage> PostJsonAsync(this HttpClient http, string path, string json) => http.PostTextAsync(path, json, "application/json");

    public static Task<HttpResponseMessage> PostTextAsync(this HttpClient http, string path, string text, string type) =>
        http.PostAsync(new Uri(path, UriKind.Relative), new StringContent(text, Encoding.UTF8, type), Cancellation);

    public static async Task<JsonElement> ReadJsonAsync(this HttpResponseMessage response, HttpStatusCode expected = HttpStatusCode.OK)
    {
        var text = await response.Content.ReadAsStringAsync(Cancellation);
        Assert.True(expected == response.StatusCode, $"{response.StatusCode}: {text}");
        return JsonElement.Parse(text);
    }

    public static async Task<JsonElement> GetJsonAsync(this HttpClient http, string path, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var response = await http.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
        return await response.ReadJsonAsync(expected);
    }

    /// <summary>Posts, expects it to be accepted, and gives the VM's path.</summary>
    public static async Task<string> CreateVmAsync(this HttpClient http, string json = "{}")
    {
        using var response = await http.PostJsonAsync("/vms", json);
        await response.ReadJsonAsync(HttpStatusCode.Accepted);
        return response.Headers.Location!.OriginalString;
    }

    public static async Task<(HttpStatusCode Status, string Body)> DeleteVmAsync(this HttpClient http, string path)
    {
        using var response = await http.DeleteAsync(new Uri(path, UriKind.Relative), Cancellation);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancellation));
    }

    /// <summary>Follows the VM's events up to one that satisfies, or to the stream's end.</summary>
    public static async Task<List<SseItem<JsonElement>>> FollowAsync(this HttpClient http, string vm, Func<SseItem<JsonElement>, bool>? last = null, long? after = null)
    {
        using var response = await http.OpenEventsAsync(vm, after?.ToString());
        return await ReadEventsAsync(response, last);
    }

    /// <summary>Follows the events of all VMs up to one that satisfies.</summary>
    public static async Task<List<SseItem<JsonElement>>> FollowAllAsync(this HttpClient http, string query, string? after, Func<SseItem<JsonElement>, bool> last)
    {
        using var response = await http.OpenAllEventsAsync(query, after);
        return await ReadEventsAsync(response, last);
    }

    private static async Task<List<SseItem<JsonElement>>> ReadEventsAsync(HttpResponseMessage response, Func<SseItem<JsonElement>, bool>? last)
    {
        Assert.Equal((HttpStatusCode.OK, "text/event-stream"), (response.StatusCode, response.Content.Headers.ContentType?.ToString()));
        await using var body = await response.Content.ReadAsStreamAsync(Cancellation);
        var events = new List<SseItem<JsonElement>>();
        await foreach (var item in SseParser.Create(body, (_, data) => JsonElement.Parse(data)).EnumerateAsync(Cancellation))
        {
            events.Add(item);
            if (last?.Invoke(item) == true)
                break;
        }
        return events;
    }

    public static Task<List<SseItem<JsonElement>>> FollowUntilAsync(this HttpClient http, string vm, params string[] states) =>
        http.FollowAsync(vm, item => item.EventType == "state" && states.Contains(item.Data.GetProperty("state").GetString()));

    /// <summary>Waits for one of the states and reads the VM.</summary>
    public static async Task<JsonElement> UntilAsync(this HttpClient http, string vm, params string[] states)
    {
        await http.FollowUntilAsync(vm, states);
        return await http.GetJsonAsync(vm);
    }

    public static Task<HttpResponseMessage> OpenEventsAsync(this HttpClient http, string vm, string? lastEventId = null) => http.OpenStreamAsync($"{vm}/events", lastEventId);

    public static Task<HttpResponseMessage> OpenAllEventsAsync(this HttpClient http, string query, string? lastEventId = null) => http.OpenStreamAsync($"/events{query}", lastEventId);

    private static async Task<HttpResponseMessage> OpenStreamAsync(this HttpClient http, string address, string? lastEventId)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
    }

    /// <summary>Runs a command and reads its live stream to the end.</summary>
    public static async Task<List<SseItem<JsonElement>>> StreamExecAsync(this HttpClient http, string vm, string json)
    {
        using var response = await http.OpenExecAsync(vm, json, Cancellation);
        var events = new List<SseItem<JsonElement>>();
        await foreach (var item in response.ReadExecAsync())
            events.Add(item);
        return events;
    }

    public static async Task<HttpResponseMessage> OpenExecAsync(this HttpClient http, string vm, string json, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{vm}/exec") { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        request.Headers.Accept.ParseAdd("text/event-stream");
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
    }

    public static async IAsyncEnumerable<SseItem<JsonElement>> ReadExecAsync(this HttpResponseMessage response)
    {
        Assert.Equal((HttpStatusCode.OK, "text/event-stream"), (response.StatusCode, response.Content.Headers.ContentType?.ToString()));
        await using var body = await response.Content.ReadAsStreamAsync(Cancellation);
        await foreach (var item in SseParser.Create(body, (_, data) => JsonElement.Parse(data)).EnumerateAsync(Cancellation))
            yield return item;
    }

    /// <summary>Opens a WebSocket to a path of a service that listens on a real port.</summary>
    public static async Task<WebSocket> OpenSocketAsync(this HttpClient http, string path, CancellationToken cancellation)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(new Uri(http.BaseAddress!, path)) { Scheme = "ws" }.Uri, cancellation);
        return socket;
    }

    /// <summary>The answer as problem details: right type, and a code and a hint in it.</summary>
    public static async Task<JsonElement> ReadProblemAsync(this HttpResponseMessage response, HttpStatusCode expected)
    {
        var problem = await response.ReadJsonAsync(expected);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal((int)expected, problem.GetProperty("status").GetInt32());
        Assert.Matches("^[a-z][a-z0-9_]+$", problem.Text("code"));
        Assert.All([problem.Text("hint"), problem.Text("detail")], Assert.NotEmpty);
        return problem;
    }

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
