using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AutoProvision.HostTests.Support;
using AutoProvision.Ssh;
using AutoProvision.Vms;

namespace AutoProvision.HostTests.Faults;

/// <summary>What somebody else does to a VM's domain is noticed; what nobody knows any more is shown, and removed on request.</summary>
public sealed class BehindOurBackTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = 300_000)]
    public async Task It_is_noticed_by_libvirts_events_long_before_the_domains_are_compared_again()
    {
        // Longer than this test may take.
        await using var app = new HostApp(Micro.Settings(("Provisioning:ReconcileInterval", "00:10:00")));
        var before = await HostSnapshot.TakeAsync(app);
        var vm = await app.WaitUntilMadeAsync((await app.CreateAsync(Micro.Request("watched"))).Id);
        Assert.True(vm.State == VmState.Ready, JsonSerializer.Serialize(vm));

        await Tool.VirshAsync("destroy", $"{vm.Id}");
        var off = await UntilAsync(VmState.Stopped, vm.Version);
        await Tool.VirshAsync("start", $"{vm.Id}");
        var on = await UntilOnAsync(off.Seq);
        await UntilAsync(VmState.Ready, off.Seq);
        Assert.Equal("back\n", (await app.ExecAsync(vm.Id, "echo back")).Stdout);
        // At once: no look falls between the two.
        await Tool.VirshAsync("destroy", $"{vm.Id}");
        await Tool.VirshAsync("start", $"{vm.Id}");
        var cycled = await UntilAsync(VmState.Stopped, on.Seq);
        var again = await UntilOnAsync(cycled.Seq);
        await UntilAsync(VmState.Ready, cycled.Seq);
        // The guest's own doing, in answer to its power button.
        await Tool.VirshAsync("shutdown", $"{vm.Id}", "--mode", "acpi");
        var itself = await UntilAsync(VmState.Stopped, again.Seq);
        await Tool.VirshAsync("undefine", $"{vm.Id}");
        var gone = await UntilAsync(VmState.Failed, itself.Seq);

        Assert.All([off, on, cycled, again, itself, gone], what => Assert.Equal(EventCause.External, what.Cause));
        Assert.Equal("domain_missing", gone.Failure?.Code);
        await app.DeleteAsync(vm.Id);
        Assert.Empty(await HostSnapshot.NewSinceAsync(app, before));

        // While it boots it lets nobody in; who looks late sees it ready at once.
        Task<VmEvent> UntilOnAsync(long after) => app.UntilAsync(vm.Id, what => what.Seq > after && what is { Type: VmEventType.State, State: VmState.Unreachable or VmState.Ready });

        Task<VmEvent> UntilAsync(VmState state, long after) => app.UntilAsync(vm.Id, what => what.Seq > after && what.Type == VmEventType.State && what.State == state);
    }

    [Fact(Timeout = 300_000)]
    public async Task A_killed_service_leaves_nobody_behind_that_watches()
    {
        await using var service = await HostProcess.StartAsync(Micro.Settings());
        await HostProcesses.UntilAsync(() => Watchers(service.Pid).Count == 1, "virsh watches");
        var watcher = Watchers(service.Pid).Single();
        var guards = HostProcesses.ChildrenOf(watcher);

        await service.KillAsync();

        Assert.Single(guards);
        await HostProcesses.UntilAsync(() => !HostProcesses.Lives(watcher) && !guards.Any(HostProcesses.Lives), "virsh and its guard have ended");
    }

    [Fact(Timeout = 300_000)]
    public async Task A_vm_whose_journal_was_thrown_away_is_an_orphan_that_goes_on_request()
    {
        await using var service = await HostProcess.StartAsync(Micro.Settings());
        var before = await HostSnapshot.TakeAsync(service);
        var vm = await service.WaitUntilMadeAsync((await service.CreateAsync(Micro.Request("orphan"))).Id);
        Assert.True(vm.State == VmState.Ready, JsonSerializer.Serialize(vm));
        await service.KillAsync();
        Directory.Delete(service.DataDirectory, recursive: true);
        await service.StartAgainAsync();

        Assert.Empty(await service.Http.GetFromJsonAsync<JsonElement[]>("/vms", Cancellation) ?? []);
        var orphan = Assert.Single(await OrphansAsync(service));
        Assert.Equal((vm.Id.ToString(), "orphan"), (orphan.GetProperty("id").GetString(), orphan.GetProperty("name").GetString()));
        // Only shown so far.
        Assert.Contains($"{vm.Id}", await Tool.VirshAsync("list", "--uuid"));

        using var removed = await service.Http.DeleteAsync($"/host/orphans/{vm.Id}", Cancellation);

        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        Assert.Empty(await OrphansAsync(service));
        Assert.Empty(await HostSnapshot.NewSinceAsync(service, before));
        Console.WriteLine("figure: journal thrown away: 1 orphan listed, removed on request, nothing left");
    }

    private static List<int> Watchers(int service) => [.. HostProcesses.ChildrenOf(service).Where(id => HostProcesses.Is(id, "virsh", "event --loop"))];

    private static async Task<JsonElement[]> OrphansAsync(HostProcess service) =>
        await service.Http.GetFromJsonAsync<JsonElement[]>("/host/orphans", Cancellation) ?? [];
}
