using System.Net;
using System.Text.Json;
using AutoProvision.Fakes;
using AutoProvision.Hypervisors;

namespace AutoProvision.Provisioning.Operations;

public sealed class PowerTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task A_VM_is_stopped_and_started_and_tells_so()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();

        var stopped = await http.OperateAsync($"{vm}/stop");
        Assert.Equal(("stopped", JsonValueKind.Undefined), (stopped.Text("state"), Operation(stopped)));
        Assert.Equal(DomainPower.Stopped, host.Hypervisor.Domains.Values.Single().Info.Power);
        Assert.Equal(0, host.Guests.OpenConnections);
        using (var refused = await http.PostJsonAsync($"{vm}/exec", """{"shell": "true"}"""))
        {
            var problem = await refused.ReadProblemAsync(HttpStatusCode.Conflict);
            Assert.Equal("vm_not_ready", problem.Text("code"));
            Assert.Contains($"POST {vm}/start", problem.Text("hint"), StringComparison.Ordinal);
        }

        Assert.Equal("ready", (await http.OperateAsync($"{vm}/start")).Text("state"));
        Assert.Equal("ready", (await http.OperateAsync($"{vm}/restart", """{"graceSeconds": 0}""")).Text("state"));

        var events = await http.FollowAsync(vm, item => item.EventType == "operation.completed" && item.Data.Text("operation") == "restart");
        Assert.Equal(["stop", "start", "restart"], events.Where(item => item.EventType == "operation.completed").Select(item => item.Data.Text("operation")));
        Assert.Equal(["stop", "start", "restart"], events.Where(item => item.EventType == "operation.started").Select(item => item.Data.Text("operation")));
        Assert.All(events.Where(item => item.EventType == "operation.completed"), item => Assert.True(item.Data.TryGetProperty("durationMs", out _)));
        Assert.Empty(host.Log.Troubles);
    }

    [Fact(Timeout = Limit)]
    public async Task Who_wants_a_VM_that_is_worked_on_is_told_what_to_wait_for()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();
        var starting = host.Hypervisor.Faults.BlockAt(nameof(IDomainControl.StartAsync));
        using (await http.PostJsonAsync($"{vm}/restart", "{}"))
            await starting.ReachedAsync();

        var problem = await http.RefusedAsync($"{vm}/exec", """{"shell": "true"}""", HttpStatusCode.Conflict);

        Assert.Equal("vm_not_ready", problem.Text("code"));
        Assert.Contains("restart is under way", problem.Text("detail"), StringComparison.Ordinal);
        Assert.Contains($"{vm}/events", problem.Text("hint"), StringComparison.Ordinal);
        starting.Open();
        await http.UntilAsync(vm, "ready");
    }

    [Fact(Timeout = Limit)]
    public async Task Who_wants_a_stopped_VM_that_stays_off_is_told_how_to_start_it()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();
        await http.OperateAsync($"{vm}/stop");
        var taking = host.Hypervisor.Faults.BlockAt(nameof(IDomainControl.CreateSnapshotAsync));
        using (await http.PostJsonAsync($"{vm}/snapshots", "{}"))
            await taking.ReachedAsync();

        var problem = await http.RefusedAsync($"{vm}/exec", """{"shell": "true"}""", HttpStatusCode.Conflict);

        Assert.Contains($"POST {vm}/start", problem.Text("hint"), StringComparison.Ordinal);
        taking.Open();
    }

    [Fact(Timeout = Limit)]
    public async Task Every_address_of_a_guest_that_came_up_is_shown()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync("""{"network": {"address": "192.0.2.50"}, "nics": [{"name": "lan", "address": "198.51.100.9"}]}""");

        Assert.Equal(["192.0.2.50", "198.51.100.9"], Addresses(await http.GetJsonAsync(vm)));
        host.Hypervisor.Leases[(await http.GetJsonAsync(vm)).GetProperty("nics")[1].Text("mac")] = "198.51.100.10";
        Assert.Equal(["192.0.2.50", "198.51.100.10"], Addresses(await http.OperateAsync($"{vm}/restart")));
        // It can do without.
        host.Hypervisor.Faults.FailAt(nameof(IHypervisor.ListAddressesAsync), new Vms.FailureException("tool_timeout", "virsh hung.", "None."));
        Assert.Equal("ready", (await http.OperateAsync($"{vm}/restart")).Text("state"));

        static IEnumerable<string?> Addresses(JsonElement vm) => vm.GetProperty("addresses").EnumerateArray().Select(address => address.GetString());
    }

    [Fact(Timeout = Limit)]
    public async Task What_a_VM_is_already_it_need_not_become()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();
        var version = (await http.GetJsonAsync(vm)).GetProperty("version").GetInt64();

        Assert.Equal(version, (await http.OperateAsync($"{vm}/start")).GetProperty("version").GetInt64());
        await http.OperateAsync($"{vm}/stop");
        Assert.Equal("stopped", (await http.OperateAsync($"{vm}/stop")).Text("state"));
        // One that is off is restarted by starting it.
        Assert.Equal("ready", (await http.OperateAsync($"{vm}/restart")).Text("state"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_guest_that_does_not_heed_is_switched_off_when_its_grace_is_over()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();
        host.Hypervisor.IgnoresShutDown = true;

        var stopping = http.OperateAsync($"{vm}/stop", """{"graceSeconds": 30}""");
        await host.Time.PassUntilAsync(TimeSpan.FromMilliseconds(250), StateAsync(stopping), "stopped");

        // At once, and every ten seconds again.
        Assert.Equal(3, host.Hypervisor.TimesAskedToShutDown);
    }

    [Fact(Timeout = Limit)]
    public async Task A_guest_that_cannot_be_asked_is_switched_off_when_its_grace_is_over()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();
        host.Hypervisor.Faults.FailAt(nameof(IDomainControl.AskToShutDownAsync), new Vms.FailureException("hypervisor_refused", "virsh shutdown failed.", "See the evidence."));

        var stopping = http.OperateAsync($"{vm}/stop", """{"graceSeconds": 30}""");
        await host.Time.PassUntilAsync(TimeSpan.FromMilliseconds(250), StateAsync(stopping), "stopped");

        Assert.Equal(DomainPower.Stopped, host.Hypervisor.Domains.Values.Single().Info.Power);
        Assert.False((await http.GetJsonAsync(vm)).TryGetProperty("operationFailure", out _));
    }

    [Fact(Timeout = Limit)]
    public async Task A_guest_that_somebody_paused_goes_on_when_it_is_started()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();
        await http.OperateAsync($"{vm}/stop");
        host.Hypervisor.SetPower(Guid.Parse(vm.Split('/')[^1]), DomainPower.Paused);

        var started = http.OperateAsync($"{vm}/start");
        await host.Time.PassUntilAsync(TimeSpan.FromSeconds(10), StateAsync(started), "ready");

        Assert.Equal(DomainPower.Running, host.Hypervisor.Domains.Values.Single().Info.Power);
    }

    [Fact(Timeout = Limit)]
    public async Task There_is_one_operation_at_a_time_and_a_delete_ends_it()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();
        var gate = host.Hypervisor.Faults.BlockAt(nameof(IDomainControl.AskToShutDownAsync));

        using (var begun = await http.PostJsonAsync($"{vm}/stop", "{}"))
            Assert.Equal("stop", (await begun.ReadJsonAsync(HttpStatusCode.Accepted)).GetProperty("operation").Text("kind"));
        await gate.ReachedAsync();
        Assert.Equal("vm_busy", (await http.RefusedAsync($"{vm}/restart", "{}", HttpStatusCode.Conflict)).Text("code"));
        Assert.Equal("vm_busy", (await http.RefusedAsync($"{vm}/snapshots", "{}", HttpStatusCode.Conflict)).Text("code"));
        await http.DeleteVmAsync(vm);
        await http.FollowAsync(vm);

        var deleted = await http.GetJsonAsync(vm);
        Assert.Equal(("deleted", JsonValueKind.Undefined), (deleted.Text("state"), Operation(deleted)));
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task A_start_that_fails_leaves_a_stopped_VM_that_says_why()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();
        await http.OperateAsync($"{vm}/stop");
        host.Hypervisor.Faults.FailAt(nameof(IDomainControl.StartAsync), new Vms.FailureException("hypervisor_refused", "virsh start failed.", "See the evidence."));

        var failed = await http.OperateAsync($"{vm}/start");
        Assert.Equal(("stopped", "hypervisor_refused"), (failed.Text("state"), failed.GetProperty("operationFailure").Text("code")));
        host.Hypervisor.Faults.Clear(nameof(IDomainControl.StartAsync));
        var started = await http.OperateAsync($"{vm}/start");

        Assert.Equal(("ready", false), (started.Text("state"), started.TryGetProperty("operationFailure", out _)));
    }

    /// <summary>Nothing is known to keep anybody out of it.</summary>
    [Theory(Timeout = Limit)]
    [InlineData("restart", "{}")]
    [InlineData("resize", """{"cpus": 1}""")]
    public async Task A_VM_that_could_not_be_switched_off_stays_what_it_was(string operation, string json)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync("""{"cpus": 2}""");
        host.Guests.Answers["true"] = FakeAnswers.Of(0, "");
        host.Hypervisor.Faults.FailAt(nameof(IDomainControl.AskToShutDownAsync), new Vms.FailureException("hypervisor_garbled", "virsh said something else.", "See the evidence."));

        var failed = await http.OperateAsync($"{vm}/{operation}", json);

        Assert.Equal(("ready", "hypervisor_garbled", false), (failed.Text("state"), failed.GetProperty("operationFailure").Text("code"), failed.TryGetProperty("obstacle", out _)));
        Assert.Equal((DomainPower.Running, 2), (host.Hypervisor.Domains.Values.Single().Info.Power, failed.GetProperty("cpus").GetInt32()));
        using var ran = await http.PostJsonAsync($"{vm}/exec", """{"shell": "true"}""");
        await ran.ReadJsonAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task A_VM_that_lets_nobody_in_is_stopped()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();
        host.Hypervisor.Faults.FailAt(nameof(IHypervisor.WaitForAddressAsync), new Vms.FailureException("address_none", "No address.", "None."));
        var failed = await http.OperateAsync($"{vm}/restart");
        Assert.Equal(("unreachable", DomainPower.Running), (failed.Text("state"), host.Hypervisor.Domains.Values.Single().Info.Power));
        await http.OperateAsync($"{vm}/snapshots", """{"name": "silent"}""");

        var stopped = await http.OperateAsync($"{vm}/stop");

        Assert.Equal(("stopped", DomainPower.Stopped), (stopped.Text("state"), host.Hypervisor.Domains.Values.Single().Info.Power));
        Assert.True((await http.GetJsonAsync($"{vm}/snapshots/silent")).GetProperty("isRunning").GetBoolean());
        var version = stopped.GetProperty("version").GetInt64();
        Assert.Equal(version, (await http.OperateAsync($"{vm}/stop")).GetProperty("version").GetInt64());
    }

    [Fact(Timeout = Limit)]
    public async Task A_killed_service_goes_on_with_its_operation()
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var http = app.CreateClient();
        var vm = await http.ReadyVmAsync();
        var gate = host.Hypervisor.Faults.BlockAt(nameof(IDomainControl.StartAsync));
        using (var begun = await http.PostJsonAsync($"{vm}/restart", "{}"))
            await begun.ReadJsonAsync(HttpStatusCode.Accepted);
        await gate.ReachedAsync();

        var next = await host.KillAndStartAsync(app);
        gate.Open();
        using var again = next.CreateClient();
        await again.FollowAsync(vm, item => item.EventType == "operation.completed");

        Assert.Equal("ready", (await again.GetJsonAsync(vm)).Text("state"));
        Assert.Equal(DomainPower.Running, host.Hypervisor.Domains.Values.Single().Info.Power);
    }

    [Fact(Timeout = Limit)]
    public async Task A_VM_that_is_not_made_yet_or_failed_is_not_worked_on()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var gate = host.Hypervisor.Faults.BlockAt(nameof(IHypervisor.CreateDiskAsync));
        var vm = await http.CreateVmAsync();
        await gate.ReachedAsync();

        foreach (var path in (string[])["start", "stop", "restart", "snapshots", "snapshots/x/restore"])
            Assert.Equal("vm_state_conflict", (await http.RefusedAsync($"{vm}/{path}", "{}", HttpStatusCode.Conflict)).Text("code"));
        Assert.Equal("vm_state_conflict", (await http.RefusedAsync($"{vm}/resize", """{"cpus": 1}""", HttpStatusCode.Conflict)).Text("code"));
        gate.Open();
    }

    private static async Task<string> StateAsync(Task<JsonElement> vm) => (await vm).Text("state");

    private static JsonValueKind Operation(JsonElement vm) => vm.TryGetProperty("operation", out var operation) ? operation.ValueKind : JsonValueKind.Undefined;
}
