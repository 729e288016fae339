using System.Diagnostics;
using System.Net;
using System.Text.Json;
using AutoProvision.HostTests.Support;
using AutoProvision.Vms;

namespace AutoProvision.HostTests.Faults;

/// <summary>Tools that fail, hang or print rubbish and say that all went well: each ends in a failure that names the tool. One that hangs does so until it is ended: that there is an answer says that it was.</summary>
public sealed class FaultyToolTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);

    private static readonly Expected[] Faults =
    [
        new("xorriso", "fail", "seed", "seed_failed"),
        new("xorriso", "hang", "seed", "tool_timeout"),
        new("xorriso", "rubbish", "seed", "seed_failed"),
        new("qemu-img", "fail", "disk", "disk_failed"),
        new("qemu-img", "hang", "disk", "tool_timeout"),
        new("qemu-img", "rubbish", "disk", "disk_failed"),
        new("virt-install", "fail", "domain", "hypervisor_refused"),
        new("virt-install", "hang", "domain", "tool_timeout"),
        new("virt-install", "rubbish", "domain", "domain_not_started"),
        new("virsh", "fail", "domain", "hypervisor_refused"),
        new("virsh", "hang", "domain", "tool_timeout"),
        new("virsh", "rubbish", "domain", "hypervisor_garbled"),
    ];

    [Fact(Timeout = 300_000)]
    public async Task A_tool_that_goes_wrong_is_named_by_the_failure_and_nothing_is_left()
    {
        using var tools = new FaultyTools();
        await using var service = await StartAsync(tools);
        var before = await HostSnapshot.TakeAsync(service);

        var wrong = new List<string>();
        foreach (var fault in Faults)
        {
            var vm = await FailAsync(service, tools, fault);
            wrong.AddRange(await JudgeAsync(service, fault, vm));
            // What could not be undone with a broken tool goes now.
            await service.DeleteAsync(vm.Id);
            wrong.AddRange((await HostSnapshot.NewSinceAsync(service, before)).Select(line => $"{fault}: left: {line}"));
        }

        Assert.Empty(wrong);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_request_is_refused_while_virsh_hangs_and_accepted_when_it_is_back()
    {
        using var tools = new FaultyTools();
        await using var service = await StartAsync(tools);
        tools.Break("virsh", "hang");
        var started = Stopwatch.StartNew();

        using var refused = await service.PostAsync(Micro.Request("too-early"));

        var text = await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Console.WriteLine($"figure: POST while virsh hangs: {(int)refused.StatusCode} after {started.Elapsed.TotalSeconds:0.0} s (timeout {Timeout.TotalSeconds:0} s)");
        Assert.True(refused.StatusCode == HttpStatusCode.ServiceUnavailable, text);
        Assert.Contains("virsh", text);
        tools.Mend();
        var vm = await service.CreateAsync(Micro.Request("in-time"));
        await service.DeleteAsync(vm.Id);
    }

    private static Task<HostProcess> StartAsync(FaultyTools tools) => HostProcess.StartAsync(
        Micro.Settings(("Libvirt:CommandTimeout", $"{Timeout}"), ("Libvirt:CreateTimeout", $"{Timeout}"), ("Provisioning:TeardownRetry", "00:00:01")), tools.SearchPath);

    /// <summary>Makes a VM with a broken tool, which is mended when the VM has failed.</summary>
    private static async Task<Api.VmResource> FailAsync(HostProcess service, FaultyTools tools, Expected fault)
    {
        try
        {
            // A request and the seed need virsh as well: it is broken only while a slow disk is made, before the domain.
            tools.Break("qemu-img", "slow");
            if (fault.Tool != "virsh")
                tools.Break(fault.Tool, fault.Way);
            var created = await service.CreateAsync(Micro.Request($"{fault.Tool}-{fault.Way}"));
            if (fault.Tool == "virsh")
                await service.UntilAsync(created.Id, what => what is { Type: VmEventType.StepStarted, Step: "disk" });
            tools.Break(fault.Tool, fault.Way);
            return await service.WaitUntilMadeAsync(created.Id);
        }
        finally
        {
            tools.Mend();
        }
    }

    /// <returns>What is not as it should be.</returns>
    private static async Task<IEnumerable<string>> JudgeAsync(HostProcess service, Expected fault, Api.VmResource vm)
    {
        var told = await service.UntilAsync(vm.Id, what => what.Type == VmEventType.StepFailed);
        var took = TimeSpan.FromMilliseconds(told.DurationMs ?? double.MaxValue);
        Console.WriteLine($"figure: {fault}: {told.Failure?.Code} after {took.TotalSeconds:0.0} s (timeout {Timeout.TotalSeconds:0} s)");
        return new[]
        {
            (vm.State, vm.Failure?.Code, vm.Failure?.Step) == (VmState.Failed, fault.Code, fault.Step) ? null : $"{fault}: {JsonSerializer.Serialize(vm)}",
            vm.Failure?.Cause.Contains(fault.Tool) == true ? null : $"{fault}: not named in \"{vm.Failure?.Cause}\"",
        }.OfType<string>();
    }

    private sealed record Expected(string Tool, string Way, string Step, string Code)
    {
        public override string ToString() => $"{Tool} {Way}";
    }
}
