using System.Globalization;
using System.Net.Sockets;

namespace AutoProvision.FaultTests.Support;

/// <summary>Follows a stream of events over connections that it cuts at random bytes, and resumes after the last whole event.</summary>
/// <param name="service">The service as it is now; another one after a restart.</param>
/// <param name="stream">The stream's path.</param>
/// <param name="random">Where to cut.</param>
/// <param name="deletions">It is over when so many VMs were deleted.</param>
internal sealed class CutReader(Func<Uri> service, string stream, Random random, Func<int> deletions)
{
    // About the size of two events; the head is 200 bytes.
    private const int MostBytes = 900;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    // Short, for a stream of which nothing more comes has a comment every 15 s, of a few bytes.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);
    private string? _last;

    /// <summary>Id, type and data of every event.</summary>
    public List<(long Id, string Type, string Data)> Events { get; } = [];

    public int Cuts { get; private set; }

    /// <summary>Cuts that fell into an event.</summary>
    public int CutsInside { get; private set; }

    /// <summary>Follows until the last event.</summary>
    public async Task FollowAsync()
    {
        while (!IsOver)
        {
            try
            {
                await FollowOneConnectionAsync();
            }
            catch (SocketException)
            {
                // Between two of the service's processes.
                await Task.Delay(Pause, TestContext.Current.CancellationToken);
            }
        }
    }

    private bool IsOver => Events.Count(what => what.Data.Contains("\"state\":\"deleted\"", StringComparison.Ordinal)) == deletions();

    private async Task FollowOneConnectionAsync()
    {
        string[] resume = _last is null ? [] : [$"Last-Event-ID: {_last}"];
        using var request = await RawRequest.SendAsync(service(), $"GET {stream}", resume);
        if (!await request.ReadAsync(random.Next(1, MostBytes), Patience))
        {
            request.Cut();
            Cuts++;
        }
        Take(request.Answer);
    }

    private void Take(string answer)
    {
        var head = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (head < 0)
            return;
        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        var blocks = answer[(head + 4)..].Split("\n\n");
        // What follows the last blank line is no whole event.
        CutsInside += blocks[^1].Length > 0 ? 1 : 0;
        foreach (var block in blocks[..^1])
            Take(block.Split('\n').Where(line => line.Contains(": ", StringComparison.Ordinal)).Select(line => line.Split(": ", 2)).ToDictionary(parts => parts[0], parts => parts[1]));
    }

    // As a browser does: an id counts, though no event comes with it.
    private void Take(Dictionary<string, string> fields)
    {
        _last = fields.GetValueOrDefault("id", _last!);
        if (fields.TryGetValue("data", out var data))
            Events.Add((long.Parse(fields["id"], CultureInfo.InvariantCulture), fields["event"], data));
    }
}
