using System.Net;
using System.Text.Json;
using AutoProvision.Api;
using AutoProvision.HostTests.Support;
using AutoProvision.Vms;

namespace AutoProvision.HostTests.Faults;

/// <summary>libvirtd is killed and started again under the service: what was under way goes on, and nothing is declared failed.</summary>
public sealed class LibvirtdTests
{
    private const string BootId = "cat /proc/sys/kernel/random/boot_id";

    [Fact(Timeout = 300_000)]
    public async Task Vms_in_the_making_get_ready_and_a_deletion_is_finished_when_libvirtd_is_back()
    {
        await using var app = new HostApp(Micro.Settings(("Provisioning:ReconcileInterval", "00:00:01"), ("Provisioning:TeardownRetry", "00:00:01")));
        var before = await HostSnapshot.TakeAsync(app);
        var waiting = await app.CreateAsync(Micro.Request("waits-for-address"));
        await app.UntilAsync(waiting.Id, what => what.Type == VmEventType.StepStarted && what.Step == "address");
        var making = await app.CreateAsync(Micro.Request("makes-its-domain"));
        await app.UntilAsync(making.Id, what => what.Type == VmEventType.StepStarted && what.Step == "domain");

        await using (await LibvirtdOutage.BeginAsync())
            Assert.False((await Tool.TryVirshAsync("list")).Succeeded);

        var back = DateTimeOffset.UtcNow;
        await ShowReadyAsync(app, waiting, "address", back);
        await ShowReadyAsync(app, making, "domain", back);
        await ShowDeletionAsync(app, waiting, making);
        await ShowRestartAsync(app, making.Id);
        await ShowRemovalAsync(app, making.Id);
        await app.DeleteAsync(making.Id);
        Assert.Empty(await HostSnapshot.NewSinceAsync(app, before));
    }

    private static async Task ShowRestartAsync(HostApp app, Guid id)
    {
        var before = (await app.ExecAsync(id, BootId)).Stdout;
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/vms/{id}/restart") { Headers = { { "Prefer", "wait=600" } } };
        using var answer = await app.CreateClient().SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var vm = await app.GetAsync(id);
        Assert.True(vm is { State: VmState.Ready, Operation: null, OperationFailure: null }, JsonSerializer.Serialize(vm));
        Assert.NotEqual(before, (await app.ExecAsync(id, BootId)).Stdout);
    }

    // What another user of libvirt removes while it runs is noticed as well, by the connection that was made again.
    private static async Task ShowRemovalAsync(HostApp app, Guid id)
    {
        await Tool.VirshAsync("undefine", $"{id}");
        await Tool.VirshAsync("destroy", $"{id}");
        var done = DateTimeOffset.UtcNow;
        var seen = await app.UntilAsync(id, what => what.State == VmState.Failed);
        Console.WriteLine($"figure: a running domain undefined and destroyed by another user: failed after {(seen.At - done).TotalSeconds:0.0} s");
        Assert.Equal("domain_missing", (await app.GetAsync(id)).Failure?.Code);
    }

    private static async Task ShowReadyAsync(HostApp app, VmResource created, string step, DateTimeOffset back)
    {
        var vm = await app.WaitUntilMadeAsync(created.Id);
        Assert.True(vm.State == VmState.Ready, JsonSerializer.Serialize(vm));
        Assert.DoesNotContain(await app.HistoryAsync(vm.Id), what => what.Type == VmEventType.StepFailed || what.State == VmState.Failed);
        Console.WriteLine($"figure: libvirtd killed in step {step} and started again: ready {(vm.ReadyAt - back)!.Value.TotalSeconds:0.0} s after it was back, the guest's boot included");
    }

    // One is deleted while libvirtd is down; the other runs on and is still there when it is back.
    private static async Task ShowDeletionAsync(HostApp app, VmResource leaving, VmResource staying)
    {
        await using var outage = await LibvirtdOutage.BeginAsync();
        Assert.Equal(HttpStatusCode.Accepted, await app.AskToDeleteAsync(leaving.Id));
        Assert.Equal("still here\n", (await app.ExecAsync(staying.Id, "echo still here")).Stdout);
        await app.UntilAsync(leaving.Id, what => what.State == VmState.Deleting && what.Failure is not null);
        Assert.Equal(VmState.Deleting, (await app.GetAsync(leaving.Id)).State);

        await outage.EndAsync();

        var back = DateTimeOffset.UtcNow;
        await app.WaitAsync(leaving.Id, VmState.Deleted);
        Console.WriteLine($"figure: deleted while libvirtd was down: gone {(DateTimeOffset.UtcNow - back).TotalSeconds:0.0} s after it was back");
        Assert.Equal(VmState.Ready, (await app.GetAsync(staying.Id)).State);
        Assert.Contains($"{staying.Id}", await Tool.VirshAsync("list", "--uuid"));
    }
}
