using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using AutoProvision.Fakes;

namespace AutoProvision.Provisioning;

/// <summary>libvirt goes away under a job, and guests die while they are waited for.</summary>
public sealed class OutageTests
{
    private const int Limit = 30_000;

    [Theory(Timeout = Limit)]
    [InlineData("domain")]
    [InlineData("address")]
    public async Task A_job_waits_for_a_hypervisor_that_comes_back(string step)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before(step));
        var vm = await http.CreateVmAsync();
        await gate.ReachedAsync();
        host.Hypervisor.IsDown = true;
        gate.Open();

        await http.FollowAsync(vm, IsWaiting);
        await host.Time.PassAsync(Outages.RetryInterval);
        host.Hypervisor.IsDown = false;
        await host.Time.PassAsync(Outages.RetryInterval);
        var events = await http.FollowUntilAsync(vm, "ready", "failed");

        Assert.Equal("ready", events[^1].Data.Text("state"));
        Assert.Single(events, IsWaiting);
        Assert.DoesNotContain(events, item => item.EventType == "step.failed");
        Assert.Equal(5, host.Hypervisor.Inventory.Count);
    }

    [Fact(Timeout = Limit)]
    public async Task A_domain_that_a_try_that_was_cut_off_had_made_is_taken_over()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        // The domain is there, but the answer never came.
        var lost = FakeHypervisor.Done(nameof(FakeHypervisor.CreateDomainAsync));
        host.Hypervisor.Faults.FailAt(lost, new Vms.FailureException("hypervisor_unavailable", "The connection was lost.", "Wait."));
        var vm = await http.CreateVmAsync();
        await http.FollowAsync(vm, IsWaiting);

        host.Hypervisor.Faults.Clear(lost);
        var domain = Assert.Single(host.Hypervisor.Domains).Value;
        await host.Time.PassAsync(Outages.RetryInterval);

        await http.UntilAsync(vm, "ready");
        Assert.Same(domain, Assert.Single(host.Hypervisor.Domains).Value);
        await http.DeleteVmAsync(vm);
        await http.FollowAsync(vm);
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task A_hypervisor_that_stays_away_fails_the_step_at_its_deadline_by_its_own_name()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("domain"));
        var vm = await http.CreateVmAsync();
        await gate.ReachedAsync();
        host.Hypervisor.IsDown = true;
        gate.Open();
        await http.FollowAsync(vm, IsWaiting);

        await host.Time.PassAsync(new TimeoutOptions().Domain);
        var failed = await http.UntilAsync(vm, "failed");

        Assert.Equal(("hypervisor_unavailable", "domain"), (failed.GetProperty("failure").Text("code"), failed.GetProperty("failure").Text("step")));
        host.Hypervisor.IsDown = false;
        await http.DeleteVmAsync(vm);
        await http.FollowAsync(vm);
        Assert.Empty(host.Traces);
    }

    [Theory(Timeout = Limit)]
    [InlineData("stop", """{"graceSeconds": 0}""")]
    [InlineData("stop", "{}")]
    public async Task A_hypervisor_that_stays_away_fails_an_operation_too(string operation, string body)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();
        host.Hypervisor.IsDown = true;
        using (var begun = await http.PostJsonAsync($"{vm}/{operation}", body))
            await begun.ReadJsonAsync(HttpStatusCode.Accepted);
        await http.FollowAsync(vm, IsWaiting);

        await host.Time.PassAsync(new TimeoutOptions().Domain);
        await http.FollowAsync(vm, item => item.EventType == "operation.failed");

        var after = await http.GetJsonAsync(vm);
        Assert.Equal(("ready", "hypervisor_unavailable"), (after.Text("state"), after.GetProperty("operationFailure").Text("code")));
        host.Hypervisor.IsDown = false;
        Assert.Equal("stopped", (await http.OperateAsync($"{vm}/{operation}", body)).Text("state"));
    }

    [Theory(Timeout = Limit)]
    [InlineData("address", "guest_panicked")]
    [InlineData("ssh", "guest_panicked")]
    [InlineData("cloud-init", "guest_panicked")]
    [InlineData("ssh", "guest_stopped")]
    [InlineData("ssh", "domain_missing")]
    public async Task A_guest_that_died_is_not_waited_for(string step, string code)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before(step));
        var vm = await http.CreateVmAsync();
        await gate.ReachedAsync();
        Kill(host, Assert.Single(host.Hypervisor.Domains).Key, code);

        // Looks that earlier steps began count as well: as many pass as are needed.
        await host.Time.PassUntilAsync(GuestWatch.Interval, FailureAsync(http, vm), (code, step));

        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task A_look_at_a_guest_that_fails_says_nothing_about_it()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Hypervisor.Faults.FailAt(nameof(Hypervisors.IHypervisor.DiagnoseAsync), new UnauthorizedAccessException("console.log"));
        var gate = host.Steps.BlockAt(FaultyStep.Before("ssh"));
        var vm = await http.CreateVmAsync();
        await gate.ReachedAsync();

        // The look that the address began, the first one here, and the one after it.
        for (var look = 0; look < 3; look++)
            await host.Time.PassAsync(GuestWatch.Interval);
        gate.Open();

        Assert.Equal("ready", (await http.UntilAsync(vm, "ready", "failed")).Text("state"));
    }

    private static async Task<(string Code, string Step)> FailureAsync(HttpClient http, string vm)
    {
        var failure = (await http.UntilAsync(vm, "failed")).GetProperty("failure");
        return (failure.Text("code"), failure.Text("step"));
    }

    private static void Kill(FakeHost host, Guid id, string code)
    {
        if (code == "guest_panicked")
            host.Hypervisor.Consoles[id] = "[    1.0] Kernel panic - not syncing: Attempted to kill init!";
        else if (code == "guest_stopped")
            host.Hypervisor.SetPower(id, Hypervisors.DomainPower.Stopped);
        else
            host.Hypervisor.Domains.TryRemove(id, out _);
    }

    private static bool IsWaiting(SseItem<JsonElement> item) =>
        item.EventType == "progress" && item.Data.TryGetProperty("failure", out var failure) && failure.Text("code") == "hypervisor_unavailable";
}
