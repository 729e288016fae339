using System.Net.ServerSentEvents;
using System.Text.Json;
using AutoProvision.Fakes;
using AutoProvision.Hypervisors;
using Microsoft.Extensions.Hosting;

namespace AutoProvision.Provisioning;

/// <summary>What a stop in good order does to the jobs, and the next start with them.</summary>
public sealed class StopTests
{
    private const int Limit = 30_000;
    private static readonly (string, string)[] Settings = [("Ssh:UseAgent", "true"), ("Provisioning:Concurrency", "1")];

    [Theory(Timeout = Limit)]
    [InlineData("seed")]
    [InlineData("disk")]
    [InlineData("domain")]
    public async Task A_service_that_stops_lets_a_step_finish_and_goes_on_with_the_next_at_its_next_start(string step)
    {
        await using var host = new FakeHost();
        var app = host.Start(Settings);
        using var before = app.CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.After(step));
        var vm = await before.CreateVmAsync();
        await gate.ReachedAsync();

        var stopping = app.Get<IHost>().StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, gate.Waiting);
        gate.Open();
        await stopping;
        Assert.Empty(host.Log.Troubles);
        await app.DisposeAsync();

        using var http = host.Start(Settings).CreateClient();
        var events = await http.FollowUntilAsync(vm, "ready");
        Assert.Empty(StepsOf(events, "step.undone"));
        Assert.Equal(Faults.Steps, StepsOf(events, "step.started"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_step_whose_tool_dies_of_the_same_Ctrl_C_as_the_service_is_done_again_at_its_next_start()
    {
        await using var host = new FakeHost();
        var app = host.Start(Settings);
        using var before = app.CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("domain"));
        var vm = await before.CreateVmAsync();
        await gate.ReachedAsync();
        host.Hypervisor.Faults.FailAt(nameof(IHypervisor.CreateDomainAsync), Faults.Known);

        var stopping = app.Get<IHost>().StopAsync(TestContext.Current.CancellationToken);
        gate.Open();
        await stopping;
        await app.DisposeAsync();
        host.Hypervisor.Faults.Clear(nameof(IHypervisor.CreateDomainAsync));

        using var http = host.Start(Settings).CreateClient();
        var events = await http.FollowUntilAsync(vm, "ready", "failed");
        Assert.Equal("ready", events[^1].Data.Text("state"));
        Assert.Empty(StepsOf(events, "step.failed"));
    }

    [Theory(Timeout = Limit)]
    [InlineData("image")]
    [InlineData("address")]
    [InlineData("ssh")]
    [InlineData("cloud-init")]
    public async Task A_service_that_stops_does_not_wait_for_what_only_waits(string step)
    {
        await using var host = new FakeHost();
        var app = host.Start(Settings);
        using var http = app.CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before(step));
        await http.CreateVmAsync();
        await gate.ReachedAsync();

        await app.Get<IHost>().StopAsync(TestContext.Current.CancellationToken);

        Assert.Equal(0, gate.Waiting);
        Assert.Empty(host.Log.Troubles);
    }

    [Fact(Timeout = Limit)]
    public async Task A_step_that_outlives_the_stop_is_cut_off_at_the_deadline()
    {
        await using var host = new FakeHost();
        var app = host.Start(Settings);
        using var http = app.CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.After("disk"));
        await http.CreateVmAsync();
        await gate.ReachedAsync();
        using var deadline = new CancellationTokenSource();

        var stopping = app.Get<IHost>().StopAsync(deadline.Token);
        Assert.Equal(1, gate.Waiting);
        await deadline.CancelAsync();
        await Record.ExceptionAsync(() => stopping);

        Assert.Equal(0, gate.Waiting);
    }

    private static IEnumerable<string> StepsOf(IEnumerable<SseItem<JsonElement>> events, string type) =>
        events.Where(item => item.EventType == type).Select(item => item.Data.Text("step"));
}
