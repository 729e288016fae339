using AutoProvision.Fakes;
using AutoProvision.Images;

namespace AutoProvision.Provisioning;

public sealed class ImageProgressTests
{
    [Fact(Timeout = 30_000)]
    public async Task Who_waits_for_a_download_sees_how_far_it_is()
    {
        await using var server = await ImageServer.StartAsync();
        await using var host = new FakeHost();
        using var http = host.Start(("Images:Catalog:cloud:Url", server.ImageUrl), ("Images:Catalog:cloud:Sha256", server.Sha256), ("Images:Catalog:cloud:User", "tester")).CreateClient();

        server.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var vm = await http.CreateVmAsync("""{"image": "cloud"}""");
        // Whoever comes late sees only the end of it.
        await http.FollowAsync(vm, item => item.EventType == "progress");
        server.Gate.SetResult();
        var events = await http.FollowUntilAsync(vm, "ready", "failed");

        var percents = events.Where(item => item.EventType == "progress" && item.Data.Text("step") == "image" && item.Data.TryGetProperty("percent", out _))
            .Select(item => item.Data.GetProperty("percent").GetDouble()).ToList();
        Assert.Equal(100, percents[^1]);
        Assert.Equal(percents.Order().Distinct(), percents);
        Assert.All(percents, percent => Assert.Equal(Math.Floor(percent), percent));
        Assert.Equal("ready", events[^1].Data.Text("state"));
    }
}
