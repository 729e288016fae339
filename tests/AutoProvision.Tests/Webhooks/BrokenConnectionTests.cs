using AutoProvision.Fakes;
using AutoProvision.Provisioning.Reconciliation;

namespace AutoProvision.Webhooks;

/// <summary>Endpoints that close a connection just as it is used, as servers of HTTP/1.0 may.</summary>
public sealed class BrokenConnectionTests
{
    [Fact(Timeout = 60_000)]
    public async Task An_event_whose_connection_broke_is_sent_once_more_at_once_with_the_same_id()
    {
        await using var host = new FakeHost();
        await using var receiver = await Receiver.StartAsync();
        receiver.Answers.Enqueue(Receiver.Break);
        using var http = host.Start(("Webhooks:Endpoints:ci:Url", receiver.Url), ("Webhooks:Endpoints:ci:Secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).CreateClient();
        var vm = await Rounds.ReadyAsync(http);

        // The clock stands still: a retry after a failure would never come.
        var taken = await receiver.UntilAsync(delivery => delivery.Event.Text("state") == "ready");

        Assert.Equal([1, 1, 2], taken.Take(3).Select(delivery => delivery.Position));
        Assert.Equal(taken[0].Id, taken[1].Id);
        await Rounds.DeleteAsync(http, vm);
    }
}
