using System.Text.Json;
using AutoProvision.Api;
using AutoProvision.HostTests.Support;
using AutoProvision.Vms;

namespace AutoProvision.HostTests.Faults;

/// <summary>
/// Guests that never get ready: each says why in its own code and leaves nothing. A code other than a timeout also says that the step
/// ended before its deadline.
/// </summary>
public sealed class GuestFaultTests
{
    private static readonly TimeSpan Address = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Ssh = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan CloudInit = TimeSpan.FromSeconds(30);

    // The first waits its whole minute out, while the others come and go beside it.
    private static readonly Expected[] Faults =
    [
        new("no-dhcp", "no DHCP", "address", Address, "address_timeout"),
        new("poweroff", "switches itself off", "address", Address, "guest_stopped"),
        new("no-sshd", "no sshd", "ssh", Ssh, "ssh_timeout"),
        new("other-key", "another host key", "ssh", Ssh, "ssh_host_key_mismatch"),
        // On a busy host it may be over before its address is seen.
        new("panic", "kernel panic", "ssh", Ssh, "guest_panicked", OrIn: "address"),
        new("ci-error", "failing cloud-init", "cloud-init", CloudInit, "cloud_init_errors"),
    ];

    [Fact(Timeout = 600_000)]
    public async Task Each_guest_fault_has_its_own_code_and_leaves_nothing()
    {
        await using var app = new HostApp(Micro.Settings(
            ("Provisioning:Timeouts:Address", $"{Address}"), ("Provisioning:Timeouts:Ssh", $"{Ssh}"), ("Provisioning:Timeouts:CloudInit", $"{CloudInit}")));
        var before = await HostSnapshot.TakeAsync(app);
        var created = new List<VmResource>();
        foreach (var fault in Faults)
            created.Add(await app.CreateAsync(Micro.Request($"{fault.Name}-guest")));

        var vms = await Task.WhenAll(created.Select(vm => app.WaitUntilMadeAsync(vm.Id)));

        var wrong = new List<string>();
        foreach (var (fault, vm) in Faults.Zip(vms))
            wrong.AddRange(await JudgeAsync(app, fault, vm));
        Assert.Empty(wrong);
        // Only the degraded one is still there.
        var left = await HostSnapshot.NewSinceAsync(app, before);
        Assert.All(left, line => Assert.True(line.Contains($"{vms[^1].Id}") || line.Contains(vms[^1].Mac), line));
        await app.DeleteAsync(vms[^1].Id);
        Assert.Empty(await HostSnapshot.NewSinceAsync(app, before));
    }

    /// <returns>What is not as it should be.</returns>
    private static async Task<IEnumerable<string>> JudgeAsync(HostApp app, Expected fault, VmResource vm)
    {
        var events = await app.HistoryAsync(vm.Id);
        var step = fault.OrIn is not null && vm.Failure?.Step == fault.OrIn ? fault.OrIn : fault.Step;
        var started = events.Last(what => what.Type == VmEventType.StepStarted && what.Step == step).At;
        var told = events.First(what => what.Failure?.Code == fault.Code || what.Type == VmEventType.StepFailed).At;
        Console.WriteLine($"figure: {fault.What}: {vm.Failure?.Code} after {(told - started).TotalSeconds:0.0} s in {step} (deadline {fault.Deadline.TotalSeconds:0} s)");
        var state = fault.Code == "cloud_init_errors" ? VmState.Degraded : VmState.Failed;
        return new[]
        {
            vm.State == state && (vm.Failure?.Code, vm.Failure?.Step) == (fault.Code, step) ? null : $"{fault.What}: {JsonSerializer.Serialize(vm)}",
            fault.Name != "panic" || vm.Failure?.Evidence?.Contains("Kernel panic - not syncing") == true ? null : "the panic is not in the evidence",
        }.OfType<string>();
    }

    private sealed record Expected(string Name, string What, string Step, TimeSpan Deadline, string Code, string? OrIn = null);
}
