using AutoProvision.Fakes;

namespace AutoProvision.Provisioning;

public sealed class IgnoredKeysTests
{
    [Fact(Timeout = 30_000)]
    public async Task Keys_of_user_data_that_cloud_init_does_not_know_are_told_by_an_event()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var path = await http.CreateVmAsync("""{"userData": "#cloud-config\nfoo: 1\nwrite_files: [{path: /a, perms: '0600'}]\n"}""");

        var events = await http.FollowUntilAsync(path, "ready");

        var told = Assert.Single(events, item => item.EventType == "progress" && item.Data.Text("step") == "seed");
        Assert.Contains("/foo, /write_files/0/perms", told.Data.Text("message"), StringComparison.Ordinal);
    }

    [Fact(Timeout = 30_000)]
    public async Task There_is_no_such_event_where_it_knows_all()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var path = await http.CreateVmAsync("""{"userData": "#cloud-config\nruncmd: [a]\n"}""");

        var events = await http.FollowUntilAsync(path, "ready");

        Assert.DoesNotContain(events, item => item.EventType == "progress" && item.Data.Text("step") == "seed");
    }
}
