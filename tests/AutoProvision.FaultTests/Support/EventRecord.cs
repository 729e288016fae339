using System.Net.ServerSentEvents;
using System.Text.Json;
using AutoProvision.Fakes;

namespace AutoProvision.FaultTests.Support;

/// <summary>One VM's events as a client sees them that takes up its stream where it broke off.</summary>
internal sealed class EventRecord(string vm)
{
    private static readonly string[] Ends = ["ready", "degraded", "failed", "deleted"];
    private readonly List<SseItem<JsonElement>> _events = [];

    public string Vm => vm;

    public IReadOnlyList<string> Ids => [.. _events.Select(what => what.EventId!)];

    /// <summary>The state after the newest event.</summary>
    public string? State => _events.Count == 0 ? null : _events[^1].Data.Text("state");

    /// <summary>Names of the steps that were begun, or completed, in order; one that was done again is there again.</summary>
    public IReadOnlyList<string> Steps(string type) =>
        [.. _events.Where(what => what.EventType == type).Select(what => what.Data.Text("step"))];

    /// <summary>How long the finished steps took.</summary>
    public IReadOnlyList<TimeSpan> Durations =>
        [.. _events.Where(what => what.EventType == "step.completed").Select(what => TimeSpan.FromMilliseconds(what.Data.GetProperty("durationMs").GetInt64()))];

    /// <summary>The service's clock at the newest event.</summary>
    public DateTimeOffset LastAt => _events[^1].Data.GetProperty("at").GetDateTimeOffset();

    /// <summary>Follows until a step has begun, or ended.</summary>
    public async Task FollowToStepAsync(HttpClient http, string type, string step)
    {
        Assert.True(await FollowAsync(http, what => what.EventType == type && what.Data.Text("step") == step), "The stream broke off.");
        Assert.Equal(step, Steps(type)[^1]);
    }

    /// <summary>Follows to the end of the VM's making or deletion.</summary>
    public async Task FollowToEndAsync(HttpClient http)
    {
        Assert.True(await FollowAsync(http, what => what.EventType == "state" && Ends.Contains(what.Data.Text("state"))), "The stream broke off.");
        Assert.Contains(State, Ends);
    }

    /// <summary>Follows until the service goes away.</summary>
    public async Task FollowToBreakAsync(HttpClient http) =>
        Assert.False(await FollowAsync(http, _ => false), "The stream ended in good order.");

    /// <summary>Follows to an event, or to the stream's end.</summary>
    /// <returns>Whether there was one; false where the connection broke or could not be made.</returns>
    public async Task<bool> FollowAsync(HttpClient http, Func<SseItem<JsonElement>, bool> last)
    {
        try
        {
            using var response = await http.OpenEventsAsync(vm, _events.LastOrDefault().EventId);
            await using var body = await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
            await foreach (var what in SseParser.Create(body, (_, data) => JsonElement.Parse(data)).EnumerateAsync(TestContext.Current.CancellationToken))
            {
                _events.Add(what);
                if (last(what))
                    return true;
            }
            return true;
        }
        catch (Exception e) when (e is IOException or HttpRequestException { StatusCode: null })
        {
            return false;
        }
    }

    /// <summary>Nothing is missing, nothing came twice, and a reader who starts anew sees the same.</summary>
    public async Task AssertWholeAsync(HttpClient http)
    {
        Assert.Equal(Enumerable.Range(1, _events.Count).Select(id => $"{id}"), Ids);
        var again = await http.FollowAsync(vm, what => what.EventId == Ids[^1]);
        Assert.Equal(again.Select(what => what.Data.GetRawText()), _events.Select(what => what.Data.GetRawText()));
    }

    /// <summary>No step began once more after it was completed.</summary>
    public void AssertNoStepDoneAgain()
    {
        var completed = new HashSet<string>();
        foreach (var what in _events)
        {
            if (what.EventType == "step.completed")
                completed.Add(what.Data.Text("step"));
            Assert.False(what.EventType == "step.started" && completed.Contains(what.Data.Text("step")), $"{what.Data} was done already.");
        }
    }
}
