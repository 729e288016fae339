using System.Net;
using AutoProvision.Fakes;

namespace AutoProvision.Api;

/// <summary>How many VMs may wait, and when there is room again.</summary>
public sealed class FullQueueTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task A_full_queue_refuses_until_there_is_room()
    {
        await using var host = new FakeHost();
        using var http = host.Start(("Provisioning:Concurrency", "1"), ("Provisioning:QueueCapacity", "1")).CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("image"));
        var running = await http.CreateVmAsync();
        await gate.ReachedAsync();
        var waiting = await http.CreateVmAsync();

        using var refused = await http.PostJsonAsync("/vms", "{}");
        var problem = await refused.ReadProblemAsync(HttpStatusCode.TooManyRequests);
        Assert.Equal("queue_full", problem.Text("code"));
        Assert.Equal("2 VMs are waiting or being made, of at most 2: Provisioning:QueueCapacity is 1, Provisioning:Concurrency 1.", problem.Text("detail"));
        Assert.True(refused.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        Assert.Equal(2, (await http.GetJsonAsync("/vms")).GetArrayLength());
        host.Steps.Clear(FaultyStep.Before("image"));
        gate.Open();
        await http.UntilAsync(running, "ready");
        await http.UntilAsync(waiting, "ready");

        await http.UntilAsync(await http.CreateVmAsync(), "ready");
    }

    [Fact(Timeout = Limit)]
    public async Task A_VM_deleted_while_it_waits_gives_its_place_in_the_queue_back()
    {
        await using var host = new FakeHost();
        using var http = host.Start(("Provisioning:Concurrency", "1"), ("Provisioning:QueueCapacity", "1")).CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("image"));
        await http.CreateVmAsync();
        await gate.ReachedAsync();
        await http.DeleteVmAsync(await http.CreateVmAsync());

        using var response = await http.PostJsonAsync("/vms", "{}");

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        gate.Open();
    }

    [Fact(Timeout = Limit)]
    public async Task Refused_requests_give_their_place_in_the_queue_back()
    {
        await using var host = new FakeHost();
        using var http = host.Start(("Provisioning:Concurrency", "1"), ("Provisioning:QueueCapacity", "0")).CreateClient();
        host.Hypervisor.AddForeign("web");
        for (var time = 0; time < 3; time++)
        {
            using var response = await http.PostJsonAsync("/vms", """{"name": "web"}""");
            await response.ReadProblemAsync(HttpStatusCode.Conflict);
        }

        await http.UntilAsync(await http.CreateVmAsync(), "ready");
    }
}
