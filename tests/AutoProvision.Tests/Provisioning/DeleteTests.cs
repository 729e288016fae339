using System.Net;
using AutoProvision.Fakes;
using AutoProvision.Hypervisors;

namespace AutoProvision.Provisioning;

public sealed class DeleteTests
{
    private const int Limit = 30_000;
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(7);
    private static readonly (string, string)[] Settings = [("Ssh:UseAgent", "true"), ("Provisioning:TeardownRetry", "00:00:07")];

    public static TheoryData<string, string> EveryPoint => Faults.EveryPoint();

    public static TheoryData<string> EveryStep => [.. Faults.Steps];

    [Theory(Timeout = Limit), MemberData(nameof(EveryPoint))]
    public async Task A_job_in_any_step_is_cancelled_and_all_of_it_goes(string step, string moment)
    {
        await using var host = new FakeHost();
        using var http = host.Start(Settings).CreateClient();
        var gate = host.Steps.BlockAt(Faults.Point(step, moment));
        var vm = await http.CreateVmAsync();
        await gate.ReachedAsync();

        Assert.Equal(HttpStatusCode.Accepted, (await http.DeleteVmAsync(vm)).Status);
        var events = await http.FollowAsync(vm);

        Assert.Equal(0, gate.Waiting);
        Assert.Equal(["queued", "provisioning", "deleting", "deleted"], events.Where(item => item.EventType == "state").Select(item => item.Data.Text("state")));
        Assert.DoesNotContain(events, item => item.EventType == "step.failed");
        Assert.Empty(host.Traces);
        Assert.Empty(host.Log.Troubles);
    }

    [Theory(Timeout = Limit), MemberData(nameof(EveryStep))]
    public async Task What_cannot_be_undone_is_told_and_tried_until_it_can(string step)
    {
        await using var host = new FakeHost();
        using var http = host.Start(Settings).CreateClient();
        var vm = await http.CreateVmAsync();
        await http.UntilAsync(vm, "ready");
        host.Steps.FailAt(FaultyStep.Undo(step), Faults.Known);
        await http.DeleteVmAsync(vm);
        for (var round = 0; round < 2; round++)
        {
            await http.FollowAsync(vm, item => item.Data.TryGetProperty("message", out var message) && message.GetString() == "Not everything could be undone.");
            var leftover = Assert.Single((await http.GetJsonAsync(vm)).GetProperty("leftovers").EnumerateArray());
            Assert.Equal((step, "made_to_fail"), (leftover.Text("step"), leftover.Text("code")));
            await host.Time.PassAsync(Retry);
        }

        host.Steps.Clear(FaultyStep.Undo(step));
        await host.Time.PassAsync(Retry);
        await http.FollowAsync(vm);

        Assert.Empty((await http.GetJsonAsync(vm)).GetProperty("leftovers").EnumerateArray());
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task One_that_was_deleted_and_forgotten_while_it_waited_holds_up_nobody()
    {
        await using var host = new FakeHost();
        using var http = host.Start([.. Settings, ("Provisioning:Concurrency", "1"), ("Provisioning:DeletedRetention", "00:00:00")]).CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("image"));
        await http.CreateVmAsync();
        await gate.ReachedAsync();
        var waiting = await http.CreateVmAsync();
        await http.DeleteVmAsync(waiting);
        await http.FollowAsync(waiting);
        host.Time.Advance(TimeSpan.FromSeconds(1));
        var last = await http.CreateVmAsync();
        await http.GetJsonAsync(waiting, HttpStatusCode.NotFound);

        gate.Open();

        await http.UntilAsync(last, "ready");
    }

    [Fact(Timeout = Limit)]
    public async Task An_undo_that_hangs_is_given_up_and_tried_again()
    {
        await using var host = new FakeHost();
        using var http = host.Start([.. Settings, ("Provisioning:Timeouts:Undo", "00:00:11")]).CreateClient();
        var vm = await http.CreateVmAsync();
        await http.UntilAsync(vm, "ready");
        var gate = host.Hypervisor.Faults.BlockAt(nameof(IHypervisor.RemoveDomainAsync));
        await http.DeleteVmAsync(vm);
        await gate.ReachedAsync();
        host.Time.Advance(TimeSpan.FromSeconds(11));
        host.Hypervisor.Faults.Clear(nameof(IHypervisor.RemoveDomainAsync));

        await host.Time.PassAsync(Retry);
        await http.FollowAsync(vm);

        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task A_failed_VM_keeps_what_could_not_be_undone_until_it_is_deleted()
    {
        await using var host = new FakeHost();
        using var http = host.Start(Settings).CreateClient();
        host.Steps.FailAt(FaultyStep.After("domain"), Faults.Known);
        host.Hypervisor.Faults.FailAt(nameof(IHypervisor.RemoveDomainAsync), new IOException("no space left"));
        var path = await http.CreateVmAsync();

        var vm = await http.UntilAsync(path, "failed");
        Assert.Equal("undo_failed", Assert.Single(vm.GetProperty("leftovers").EnumerateArray()).Text("code"));
        Assert.Equal("made_to_fail", vm.GetProperty("failure").Text("code"));
        host.Hypervisor.Faults.Clear(nameof(IHypervisor.RemoveDomainAsync));
        await http.DeleteVmAsync(path);
        await http.FollowAsync(path);

        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task Deleting_while_the_hypervisor_is_down_ends_when_it_is_back()
    {
        await using var host = new FakeHost();
        using var http = host.Start(Settings).CreateClient();
        var vm = await http.CreateVmAsync();
        await http.UntilAsync(vm, "ready");
        host.Hypervisor.IsDown = true;
        Assert.Equal(HttpStatusCode.Accepted, (await http.DeleteVmAsync(vm)).Status);
        await http.FollowAsync(vm, item => item.Data.TryGetProperty("failure", out var failure) && failure.Text("code") == "hypervisor_unavailable");

        host.Hypervisor.IsDown = false;
        await host.Time.PassAsync(Retry);
        await http.FollowAsync(vm);

        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task One_that_must_wait_for_its_host_keeps_no_other_waiting()
    {
        await using var host = new FakeHost();
        using var http = host.Start([.. Settings, ("Provisioning:TeardownConcurrency", "1")]).CreateClient();
        var (stuck, other) = (await http.CreateVmAsync(), await http.CreateVmAsync());
        await http.UntilAsync(stuck, "ready");
        await http.UntilAsync(other, "ready");
        host.Steps.FailAt(FaultyStep.Undo("disk"), Faults.Known);
        await http.DeleteVmAsync(stuck);
        await http.FollowAsync(stuck, item => item.Data.TryGetProperty("message", out var message) && message.GetString() == "Not everything could be undone.");
        host.Steps.Clear(FaultyStep.Undo("disk"));

        await http.DeleteVmAsync(other);
        await http.FollowAsync(other);

        Assert.Equal("deleting", (await http.GetJsonAsync(stuck)).Text("state"));
        await host.Time.PassAsync(Retry);
        await http.FollowAsync(stuck);
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task A_VM_that_still_waits_is_never_begun()
    {
        await using var host = new FakeHost();
        using var http = host.Start(("Provisioning:Concurrency", "1")).CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("image"));
        var first = await http.CreateVmAsync();
        await gate.ReachedAsync();
        var second = await http.CreateVmAsync();

        await http.DeleteVmAsync(second);
        var events = await http.FollowAsync(second);
        gate.Open();
        await http.UntilAsync(first, "ready");

        Assert.Equal(["queued", "deleting", "deleted"], events.Select(item => item.Data.Text("state")));
        Assert.Single(host.Hypervisor.Domains);
    }

    [Theory(Timeout = Limit)]
    [InlineData("domain")]
    [InlineData("disk")]
    [InlineData("seed")]
    [InlineData("keys")]
    [InlineData("everything")]
    public async Task What_somebody_took_away_before_is_no_obstacle_however_many_ask(string what)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.CreateVmAsync();
        await http.UntilAsync(vm, "ready");
        TakeAway(host, what);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => http.DeleteVmAsync(vm)));
        await http.FollowAsync(vm);

        Assert.All(answers, answer => Assert.True(answer.Status is HttpStatusCode.Accepted or HttpStatusCode.NoContent, answer.Body));
        Assert.Equal(HttpStatusCode.NoContent, (await http.DeleteVmAsync(vm)).Status);
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task Deleting_twice_is_as_good_as_once()
    {
        await using var host = new FakeHost();
        using var http = host.Start(Settings).CreateClient();
        var vm = await http.CreateVmAsync();
        await http.UntilAsync(vm, "ready");
        var gate = host.Steps.BlockAt(FaultyStep.Undo("domain"));

        Assert.Equal(HttpStatusCode.Accepted, (await http.DeleteVmAsync(vm)).Status);
        await gate.ReachedAsync();
        Assert.Equal(HttpStatusCode.Accepted, (await http.DeleteVmAsync(vm)).Status);
        gate.Open();
        var events = await http.FollowAsync(vm);

        Assert.Single(events, item => item.EventType == "state" && item.Data.Text("state") == "deleting");
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task A_deleted_VM_is_forgotten_after_a_while()
    {
        await using var host = new FakeHost();
        using var http = host.Start(Settings).CreateClient();
        var vm = await http.CreateVmAsync();
        await http.DeleteVmAsync(vm);
        await http.FollowAsync(vm);
        host.Time.Advance(TimeSpan.FromHours(2));

        await http.CreateVmAsync();

        await http.GetJsonAsync(vm, HttpStatusCode.NotFound);
    }

    private static void TakeAway(FakeHost host, string what)
    {
        if (what is "domain" or "everything")
            host.Hypervisor.Domains.Clear();
        if (what is "disk" or "everything")
            host.Hypervisor.Disks.Clear();
        if (what is "seed" or "everything")
            host.Hypervisor.Seeds.Clear();
        if (what is "keys" or "everything")
            Directory.Delete(Path.Combine(host.DataDirectory, "keys"), recursive: true);
    }
}
