using System.Text.Json;
using AutoProvision.Api;
using AutoProvision.HostTests.Support;
using AutoProvision.Vms;

namespace AutoProvision.HostTests.Vms;

/// <summary>VMs asked for together are strangers to each other.</summary>
public sealed class ManyAtOnceTests
{
    [Fact(Timeout = 1_500_000)]
    public async Task Three_vms_at_once_differ_in_address_machine_id_and_host_key()
    {
        await using var app = new HostApp();
        var before = await HostSnapshot.TakeAsync(app);
        var created = await Task.WhenAll(Enumerable.Range(1, 3).Select(number => app.CreateAsync(new { name = $"many-{number}", cpus = 1, memoryMiB = 768 })));

        var vms = await Task.WhenAll(created.Select(vm => app.WaitUntilMadeAsync(vm.Id)));

        Assert.All(vms, vm => Assert.True(vm.State == VmState.Ready, JsonSerializer.Serialize(vm)));
        AllDiffer(vms.Select(vm => vm.Address));
        AllDiffer(vms.Select(vm => vm.HostKey));
        AllDiffer(await Task.WhenAll(vms.Select(vm => SayAsync(app, vm, "cat /etc/machine-id"))));
        AllDiffer(await Task.WhenAll(vms.Select(vm => SayAsync(app, vm, "sudo cut -d' ' -f2 /etc/ssh/ssh_host_ed25519_key.pub"))));
        foreach (var vm in vms)
            Assert.Equal(vm.HostKey!.Split(' ')[1], await SayAsync(app, vm, "sudo cut -d' ' -f2 /etc/ssh/ssh_host_ed25519_key.pub"));
        foreach (var vm in vms)
            await app.DeleteAsync(vm.Id);
        Assert.Empty(await HostSnapshot.NewSinceAsync(app, before));
    }

    private static void AllDiffer(IEnumerable<string?> values)
    {
        var all = values.ToList();
        Assert.DoesNotContain(null, all);
        Assert.DoesNotContain("", all);
        Assert.Equal(all.Count, all.Distinct().Count());
    }

    private static async Task<string> SayAsync(HostApp app, VmResource vm, string shell)
    {
        var answer = await app.ExecAsync(vm.Id, shell);
        Assert.True(answer.ExitCode == 0, answer.Stderr);
        return answer.Stdout.Trim();
    }
}
