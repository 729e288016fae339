using System.Net;
using System.Text.Json;
using AutoProvision.Fakes;
using AutoProvision.Hypervisors;

namespace AutoProvision.Provisioning.Operations;

public sealed class ResizeAndSnapshotTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task A_VM_that_runs_is_restarted_with_its_new_sizes_and_keeps_them_over_a_restart_of_the_service()
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var http = app.CreateClient();
        var vm = await http.ReadyVmAsync("""{"cpus": 1, "memoryMiB": 512, "diskGiB": 2}""");

        var resized = await http.OperateAsync($"{vm}/resize", """{"cpus": 2, "diskGiB": 3}""");

        Assert.Equal(("ready", 2, 512, 3), Sizes(resized));
        Assert.Equal((2, 512), (host.Hypervisor.Domains.Values.Single().Spec!.Cpus, host.Hypervisor.Domains.Values.Single().Spec!.MemoryMiB));
        Assert.Equal([3], host.Hypervisor.Disks.Values);
        using var next = (await host.KillAndStartAsync(app)).CreateClient();
        Assert.Equal(("ready", 2, 512, 3), Sizes(await next.GetJsonAsync(vm)));
    }

    [Fact(Timeout = Limit)]
    public async Task A_stopped_VM_is_resized_and_stays_off_and_the_same_sizes_change_nothing()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync("""{"cpus": 1, "memoryMiB": 512, "diskGiB": 2}""");
        await http.OperateAsync($"{vm}/stop");

        Assert.Equal(("stopped", 1, 1024, 2), Sizes(await http.OperateAsync($"{vm}/resize", """{"memoryMiB": 1024}""")));
        var version = (await http.GetJsonAsync(vm)).GetProperty("version").GetInt64();
        Assert.Equal(version, (await http.OperateAsync($"{vm}/resize", """{"memoryMiB": 1024}""")).GetProperty("version").GetInt64());
    }

    [Fact(Timeout = Limit)]
    public async Task Every_bad_size_is_named_in_one_refusal()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();

        var refused = await http.RefusedAsync($"{vm}/resize", """{"cpus": 0, "memoryMiB": 1, "diskGiB": 1, "graceSeconds": -1, "speed": 3}""", HttpStatusCode.BadRequest);
        Assert.Equal(["/cpus", "/diskGiB", "/graceSeconds", "/memoryMiB", "/speed"], Pointers(refused));
        Assert.Equal(["/cpus"], Pointers(await http.RefusedAsync($"{vm}/resize", "{}", HttpStatusCode.BadRequest)));
        Assert.Equal(["/graceSeconds"], Pointers(await http.RefusedAsync($"{vm}/stop", """{"graceSeconds": 3601}""", HttpStatusCode.BadRequest)));
    }

    [Fact(Timeout = Limit)]
    public async Task What_cannot_be_resized_runs_on_as_it_was()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync("""{"cpus": 1}""");
        host.Hypervisor.Faults.FailAt(nameof(IDomainControl.ResizeAsync), new Vms.FailureException("hypervisor_refused", "virsh setvcpus failed.", "See the evidence."));

        var failed = await http.OperateAsync($"{vm}/resize", """{"cpus": 2}""");

        Assert.Equal(("hypervisor_refused", 1), (failed.GetProperty("operationFailure").Text("code"), failed.GetProperty("cpus").GetInt32()));
        Assert.Equal(DomainPower.Running, host.Hypervisor.Domains.Values.Single().Info.Power);
        Assert.Equal("ready", failed.Text("state"));
    }

    [Fact(Timeout = Limit)]
    public async Task What_was_resized_or_restored_and_lets_nobody_in_has_its_new_sizes()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync("""{"cpus": 1, "memoryMiB": 512, "diskGiB": 2}""");
        await http.OperateAsync($"{vm}/snapshots", """{"name": "one"}""");
        host.Hypervisor.Faults.FailAt(nameof(IHypervisor.WaitForAddressAsync), new Vms.FailureException("address_none", "No address.", "None."));

        var resized = await http.OperateAsync($"{vm}/resize", """{"memoryMiB": 64}""");
        Assert.Equal(("address_none", ("unreachable", 1, 64, 2)), (resized.GetProperty("operationFailure").Text("code"), Sizes(resized)));
        var restored = await http.OperateAsync($"{vm}/snapshots/one/restore");
        Assert.Equal(("address_none", ("unreachable", 1, 512, 2)), (restored.GetProperty("operationFailure").Text("code"), Sizes(restored)));
    }

    [Fact(Timeout = Limit)]
    public async Task Memory_that_operations_under_way_will_take_is_not_promised_again()
    {
        await using var host = new FakeHost();
        host.Hypervisor.Room = new HostRoom(4096, 4096, 1024 * 1024, 0);
        using var http = host.Start().CreateClient();
        var one = await http.ReadyVmAsync("""{"memoryMiB": 512}""");
        var two = await http.ReadyVmAsync("""{"memoryMiB": 512}""");
        var gate = host.Hypervisor.Faults.BlockAt(nameof(IDomainControl.AskToShutDownAsync));

        using (await http.PostJsonAsync($"{one}/resize", """{"memoryMiB": 2560}"""))
            await gate.ReachedAsync();
        Assert.Equal("memory_insufficient", (await http.RefusedAsync($"{two}/resize", """{"memoryMiB": 2560}""", HttpStatusCode.ServiceUnavailable)).Text("code"));
        gate.Open();
    }

    [Fact(Timeout = Limit)]
    public async Task A_snapshot_with_more_memory_than_there_is_left_is_not_restored()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync("""{"memoryMiB": 4096}""");
        await http.OperateAsync($"{vm}/snapshots", """{"name": "large"}""");
        await http.OperateAsync($"{vm}/resize", """{"memoryMiB": 512}""");
        host.Hypervisor.Room = new HostRoom(65536, 2048, 1024 * 1024, 0);

        Assert.Equal("memory_insufficient", (await http.RefusedAsync($"{vm}/snapshots/large/restore", "{}", HttpStatusCode.ServiceUnavailable)).Text("code"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_snapshot_brings_sizes_and_power_back()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync("""{"cpus": 1, "memoryMiB": 512, "diskGiB": 2}""");

        Assert.Equal("ready", (await http.OperateAsync($"{vm}/snapshots", """{"name": "running", "description": "as it was made"}""")).Text("state"));
        await http.OperateAsync($"{vm}/stop");
        await http.OperateAsync($"{vm}/snapshots", """{"name": "off"}""");
        await http.OperateAsync($"{vm}/resize", """{"cpus": 4, "diskGiB": 5}""");
        var listed = (await http.GetJsonAsync($"{vm}/snapshots")).EnumerateArray().ToList();
        Assert.Equal([("running", true), ("off", false)], listed.Select(it => (it.Text("name"), it.GetProperty("isRunning").GetBoolean())));
        Assert.Equal("as it was made", (await http.GetJsonAsync($"{vm}/snapshots/running")).Text("description"));

        Assert.Equal(("ready", 1, 512, 2), Sizes(await http.OperateAsync($"{vm}/snapshots/running/restore")));
        Assert.Equal(("stopped", 1, 512, 2), Sizes(await http.OperateAsync($"{vm}/snapshots/off/restore")));
        await http.OperateAsync($"{vm}/snapshots/off", method: HttpMethod.Delete);
        Assert.Equal(["running"], host.Hypervisor.Snapshots.Keys.Select(key => key.Name));
        await http.DeleteVmAsync(vm);
        await http.FollowAsync(vm);
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task What_cannot_be_restored_runs_on_as_it_was()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();
        await http.OperateAsync($"{vm}/snapshots", """{"name": "one"}""");
        host.Hypervisor.Snapshots.Clear();

        var failed = await http.OperateAsync($"{vm}/snapshots/one/restore");

        Assert.Equal(("ready", "hypervisor_refused"), (failed.Text("state"), failed.GetProperty("operationFailure").Text("code")));
        Assert.Equal(DomainPower.Running, host.Hypervisor.Domains.Values.Single().Info.Power);
        Assert.DoesNotContain((await http.FollowAsync(vm, item => item.EventType == "operation.failed")), item => item.Data.TryGetProperty("cause", out _));
    }

    [Fact(Timeout = Limit)]
    public async Task A_restore_that_leaves_the_guest_off_says_so()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();
        await http.OperateAsync($"{vm}/snapshots", """{"name": "one"}""");
        var id = Guid.Parse(vm.Split('/')[^1]);
        host.Hypervisor.Faults.FailAt(nameof(IDomainControl.RestoreSnapshotAsync), new Vms.FailureException("hypervisor_refused", "virsh snapshot-revert failed.", "See the evidence."));
        host.Hypervisor.SetPower(id, DomainPower.Stopped);

        var failed = await http.OperateAsync($"{vm}/snapshots/one/restore");

        Assert.Equal(("stopped", "hypervisor_refused"), (failed.Text("state"), failed.GetProperty("operationFailure").Text("code")));
    }

    [Fact(Timeout = 4 * Limit)]
    public async Task There_are_at_most_64_snapshots()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();
        for (var count = 0; count < 64; count++)
            await http.OperateAsync($"{vm}/snapshots", $$"""{"name": "s{{count}}"}""");

        Assert.Equal("snapshot_limit", (await http.RefusedAsync($"{vm}/snapshots", """{"name": "more"}""", HttpStatusCode.Conflict)).Text("code"));
    }

    [Fact(Timeout = Limit)]
    public async Task Snapshots_have_names_of_their_own()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();
        await http.OperateAsync($"{vm}/snapshots", """{"name": "one"}""");
        await http.OperateAsync($"{vm}/snapshots");

        Assert.Equal("snapshot_exists", (await http.RefusedAsync($"{vm}/snapshots", """{"name": "one"}""", HttpStatusCode.Conflict)).Text("code"));
        Assert.Equal("snapshot_not_found", (await http.RefusedAsync($"{vm}/snapshots/two/restore", "", HttpStatusCode.NotFound)).Text("code"));
        Assert.Equal(["/description", "/name"], Pointers(await http.RefusedAsync($"{vm}/snapshots", """{"name": "A b", "description": "two\nlines"}""", HttpStatusCode.BadRequest)));
        Assert.Equal(2, (await http.GetJsonAsync($"{vm}/snapshots")).GetArrayLength());
    }

    private static (string, int, int, int) Sizes(JsonElement vm) =>
        (vm.Text("state"), vm.GetProperty("cpus").GetInt32(), vm.GetProperty("memoryMiB").GetInt32(), vm.GetProperty("diskGiB").GetInt32());

    private static IEnumerable<string> Pointers(JsonElement problem) => problem.GetProperty("errors").EnumerateArray().Select(fault => fault.Text("pointer")).Order(StringComparer.Ordinal);
}
