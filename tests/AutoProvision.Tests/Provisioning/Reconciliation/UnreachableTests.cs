using System.Net;
using AutoProvision.Fakes;
using AutoProvision.Hypervisors;
using AutoProvision.Ssh;
using static AutoProvision.Provisioning.Reconciliation.Rounds;

namespace AutoProvision.Provisioning.Reconciliation;

/// <summary>VMs whose domains run, and which let nobody in.</summary>
public sealed class UnreachableTests
{
    private const int Limit = 30_000;

    [Theory(Timeout = Limit)]
    [InlineData("restart", "{}")]
    [InlineData("resize", """{"memoryMiB": 64}""")]
    [InlineData("snapshots/one/restore", "{}")]
    public async Task A_VM_that_an_operation_leaves_so_says_why_and_comes_back_by_itself(string operation, string body)
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var vm = await ReadyAsync(http);
        await http.OperateAsync($"{vm}/snapshots", """{"name": "one"}""");
        ShutOut(host);

        var after = await http.OperateAsync($"{vm}/{operation}", body);
        var told = await http.FollowAsync(vm, item => item.EventType == "operation.failed");

        Assert.Equal(("unreachable", "ssh_host_key_mismatch", "ssh_host_key_mismatch"),
            (after.Text("state"), after.GetProperty("failure").Text("code"), after.GetProperty("operationFailure").Text("code")));
        Assert.Equal("unreachable", States(told).Last());
        Assert.Equal(vm, $"/vms/{Assert.Single((await http.GetJsonAsync("/vms?state=unreachable")).EnumerateArray().ToList()).Text("id")}");
        Assert.Contains("autoprovision_vms{state=\"unreachable\"} 1", await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken), StringComparison.Ordinal);

        LetIn(host);
        await host.Time.PassAsync(ReconcileWorker.ShortestPause);
        var back = (await http.FollowAsync(vm, item => item.EventType == "state" && item.Data.Text("state") == "ready", after: long.Parse(told[^1].EventId!)))[^1];

        // Nobody else's doing.
        Assert.False(back.Data.TryGetProperty("cause", out _));
        Assert.False((await http.GetJsonAsync(vm)).TryGetProperty("failure", out _));
    }

    [Fact(Timeout = Limit)]
    public async Task It_is_tried_for_ever_and_never_more_than_30_seconds_apart()
    {
        await using var host = new FakeHost();
        // So that no round comes in its turn.
        var app = host.Start(("Provisioning:ReconcileInterval", "10:00:00"));
        using var http = app.CreateClient();
        var vm = await UnreachableAsync(host, http);

        // While each try rings for the next one, the worker waits for the pause after that, and else for 30 s. Were it to wait for anything longer, time would stand still here.
        TimeSpan[] waits = [.. ((int[])[1, 2, 4, 8, 30]).Select(seconds => TimeSpan.FromSeconds(seconds))];
        for (var first = host.Guests.Attempts; host.Guests.Attempts < first + 100;)
        {
            await host.Time.PassOneAsync(waits);
            await app.Get<SideJobs>().EndAsync();
        }
        Assert.Equal("unreachable", (await http.GetJsonAsync(vm)).Text("state"));
        // And that without filling its events.
        Assert.InRange((await http.GetJsonAsync(vm)).GetProperty("version").GetInt64(), 1, 60);
        LetIn(host);
        await host.Time.PassUntilAsync(http.FollowAsync(vm, item => item.EventType == "state" && item.Data.Text("state") == "ready" && Message(item).Contains("again", StringComparison.Ordinal)), waits);
    }

    [Fact(Timeout = Limit)]
    public async Task What_is_asked_of_its_guest_is_tried_once_and_answered_with_502()
    {
        await using var host = new FakeHost();
        using var http = host.Start(Rounds.Settings).CreateClient();
        var vm = await UnreachableAsync(host, http);

        foreach (var address in (string[])["files?path=/etc/hosts", "files/stat?path=/etc"])
        {
            using var answer = await http.GetAsync(new Uri($"{vm}/{address}", UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Equal("ssh_host_key_mismatch", (await answer.ReadProblemAsync(HttpStatusCode.BadGateway)).Text("code"));
        }
        Assert.Equal("ssh_host_key_mismatch", (await http.RefusedAsync($"{vm}/exec", """{"shell": "true"}""", HttpStatusCode.BadGateway)).Text("code"));
        // Who lets us in by now need not wait for the next try.
        LetIn(host);
        host.Guests.Answers["true"] = FakeAnswers.Of(0, "");
        using var ran = await http.PostJsonAsync($"{vm}/exec", """{"shell": "true"}""");
        await ran.ReadJsonAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task Its_console_can_be_read_and_it_can_be_restarted_stopped_and_deleted()
    {
        await using var host = new FakeHost();
        using var http = host.Start(Rounds.Settings).CreateClient();
        var vm = await UnreachableAsync(host, http);
        host.Hypervisor.Consoles[Id(vm)] = "login:";

        Assert.Equal("login:", (await http.GetStringAsync(new Uri($"{vm}/console", UriKind.Relative), TestContext.Current.CancellationToken)).Trim());
        // It runs already.
        Assert.Equal("unreachable", (await http.OperateAsync($"{vm}/start")).Text("state"));
        Assert.Equal("unreachable", (await http.OperateAsync($"{vm}/restart")).Text("state"));
        var stopped = await http.OperateAsync($"{vm}/stop");
        Assert.Equal(("stopped", DomainPower.Stopped, false), (stopped.Text("state"), host.Hypervisor.Domains[Id(vm)].Info.Power, stopped.TryGetProperty("failure", out _)));
        Assert.Equal("unreachable", (await http.OperateAsync($"{vm}/start")).Text("state"));
        await DeleteAsync(http, vm);
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task One_that_was_degraded_is_so_again_and_a_killed_service_goes_on_trying()
    {
        await using var host = new FakeHost();
        host.Guests.CloudInit = (_, _) => Task.FromResult(FakeAnswers.CloudInitError);
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var vm = await http.CreateVmAsync();
        await http.UntilAsync(vm, "degraded");
        ShutOut(host);
        Assert.Equal("ssh_host_key_mismatch", (await http.OperateAsync($"{vm}/restart")).GetProperty("failure").Text("code"));

        var next = await host.KillAndStartAsync(app, Rounds.Settings);
        using var again = next.CreateClient();
        var kept = await again.GetJsonAsync(vm);
        LetIn(host);
        await host.Time.PassAsync(Reconciler.LongestWait);
        await again.FollowAsync(vm, item => item.EventType == "state" && item.Data.Text("state") == "degraded" && Message(item).Contains("again", StringComparison.Ordinal));

        Assert.Equal(("unreachable", "ssh_host_key_mismatch"), (kept.Text("state"), kept.GetProperty("failure").Text("code")));
        Assert.Equal("cloud_init_errors", (await again.GetJsonAsync(vm)).GetProperty("failure").Text("code"));
    }

    [Fact(Timeout = Limit)]
    public async Task One_that_is_switched_off_meanwhile_is_stopped()
    {
        await using var host = new FakeHost();
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var vm = await UnreachableAsync(host, http);

        host.Hypervisor.SetPower(Id(vm), DomainPower.Stopped);
        await RoundsAsync(host, app, 1);

        var stopped = await http.UntilAsync(vm, "stopped");
        Assert.False(stopped.TryGetProperty("failure", out _));
    }

    [Fact(Timeout = Limit)]
    public async Task Who_waits_until_it_is_ready_goes_on_waiting()
    {
        await using var host = new FakeHost();
        using var http = host.Start(("Provisioning:ReconcileInterval", "10:00:00")).CreateClient();
        var vm = await UnreachableAsync(host, http);

        var ready = http.GetJsonAsync($"{vm}?wait=ready&timeoutSeconds=599");
        await host.Time.WaitedForAsync(TimeSpan.FromSeconds(599));
        LetIn(host);
        await host.Time.PassAsync(ReconcileWorker.ShortestPause);

        Assert.Equal("ready", (await ready).Text("state"));
    }

    private static async Task<string> UnreachableAsync(FakeHost host, HttpClient http)
    {
        var vm = await ReadyAsync(http);
        ShutOut(host);
        Assert.Equal("unreachable", (await http.OperateAsync($"{vm}/restart")).Text("state"));
        return vm;
    }

    private static void ShutOut(FakeHost host) => host.Guests.OtherHostKey = SshKeyPair.Generate("other").PublicOpenSsh;

    private static void LetIn(FakeHost host) => host.Guests.OtherHostKey = null;
}
