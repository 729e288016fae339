using System.Globalization;
using System.Net.Sockets;

namespace AutoProvision.FaultTests.Support;

/// <summary>Follows a VM's events over connections that it cuts at random bytes, and resumes after the last whole event.</summary>
/// <param name="service">The service as it is now; another one after a restart.</param>
/// <param name="vm">The VM's path.</param>
/// <param name="random">Where to cut.</param>
internal sealed class CutReader(Func<Uri> service, string vm, Random random)
{
    // About the size of two events; the head is 200 bytes.
    private const int MostBytes = 900;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Id, type and data of every event.</summary>
    public List<(long Id, string Type, string Data)> Events { get; } = [];

    public int Cuts { get; private set; }

    /// <summary>Cuts that fell into an event.</summary>
    public int CutsInside { get; private set; }

    /// <summary>Follows until the VM's last event.</summary>
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

    private bool IsOver => Events.Count > 0 && Events[^1].Data.Contains("\"state\":\"deleted\"", StringComparison.Ordinal);

    private async Task FollowOneConnectionAsync()
    {
        string[] resume = Events.Count == 0 ? [] : [$"Last-Event-ID: {Events[^1].Id}"];
        using var request = await RawRequest.SendAsync(service(), $"GET {vm}/events", resume);
        if (!await request.ReadAsync(random.Next(1, MostBytes)))
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
        Events.AddRange(blocks[..^1].Where(block => block.StartsWith("id: ", StringComparison.Ordinal)).Select(Parse));
    }

    private static (long Id, string Type, string Data) Parse(string block)
    {
        var fields = block.Split('\n').Select(line => line.Split(": ", 2)).ToDictionary(parts => parts[0], parts => parts[1]);
        return (long.Parse(fields["id"], CultureInfo.InvariantCulture), fields["event"], fields["data"]);
    }
}
