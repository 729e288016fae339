using System.Text.Json;
using AutoProvision.Api;
using AutoProvision.HostTests.Support;
using AutoProvision.Vms;

namespace AutoProvision.HostTests.Faults;

/// <summary>Many VMs asked for in one moment: no two share what is to be each one's own.</summary>
public sealed class ManyAtOnceTests
{
    private static readonly int Count = FaultRounds.Long ? 16 : 6;

    [Fact(Timeout = 900_000)]
    public async Task Vms_asked_for_at_once_differ_in_address_mac_machine_id_and_host_key_and_leave_nothing()
    {
        await using var app = new HostApp(Micro.Settings(("Provisioning:Concurrency", "4")));
        var before = await HostSnapshot.TakeAsync(app);
        var started = DateTimeOffset.UtcNow;
        var created = await Task.WhenAll(Enumerable.Range(1, Count).Select(number => app.CreateAsync(Micro.Request($"many-{number}"))));

        var vms = await Task.WhenAll(created.Select(vm => app.WaitUntilMadeAsync(vm.Id)));

        // It runs none of our scripts, and nobody can tell of it whether all is there.
        Assert.All(vms, vm => Assert.True(vm is { State: VmState.Ready, Verified: Verified.None }, JsonSerializer.Serialize(vm)));
        Console.WriteLine($"figure: {Count} concurrent creates: all ready after {(vms.Max(vm => vm.ReadyAt) - started)!.Value.TotalSeconds:0.0} s, {Count - vms.Select(vm => vm.Address).Distinct().Count()} duplicate addresses");
        Assert.Equal(Count, vms.Select(vm => vm.Address).Distinct().Count());
        Assert.Equal(Count, vms.Select(vm => vm.Mac).Distinct().Count());
        // Each was let in over its own host key: the service connects to no other.
        Assert.Equal(Count, vms.Select(vm => vm.HostKey).Distinct().Count());
        Assert.Equal(Count, (await Task.WhenAll(vms.Select(vm => MachineIdAsync(app, vm)))).Distinct().Count());
        await DeleteAllAsync(app, vms);
        Assert.Empty(await HostSnapshot.NewSinceAsync(app, before));
    }

    private static async Task<string> MachineIdAsync(HostApp app, VmResource vm)
    {
        var answer = await app.ExecAsync(vm.Id, "cat /etc/machine-id /etc/hostname");
        Assert.Matches($"^[0-9a-f]{{32}}\n{vm.Name}\n$", answer.Stdout);
        return answer.Stdout;
    }

    private static async Task DeleteAllAsync(HostApp app, VmResource[] vms)
    {
        var started = DateTimeOffset.UtcNow;
        await Task.WhenAll(vms.Select(vm => app.DeleteAsync(vm.Id)));
        Console.WriteLine($"figure: {vms.Length} VMs deleted at once: all gone after {(DateTimeOffset.UtcNow - started).TotalSeconds:0.0} s");
    }
}
