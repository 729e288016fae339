using AutoProvision.Hypervisors;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning.Steps;

/// <summary>Defines and starts the domain.</summary>
public sealed class DomainStep(IHypervisor hypervisor, IOptions<ProvisioningOptions> options) : IStep
{
    public string Name => "domain";

    public TimeSpan Timeout(Vm vm) => Limit(vm).Time;

    public Failure TimedOut(Vm vm) => new("domain_timeout", "The domain did not start in time.", $"libvirt may hang: look at its log. {Limit(vm).Hint}");

    public async Task RunAsync(StepContext context, CancellationToken cancellation)
    {
        var vm = context.Vm;
        // Asked again, because it may have been taken since the request was accepted; virt-install's own message is less plain.
        if (await hypervisor.FindDomainAsync(vm.Spec.Name, cancellation) is { } other && other.Id != vm.Id)
            throw VmFailures.NameTakenByDomain(vm.Spec.Name);
        await hypervisor.CreateDomainAsync(new DomainSpec(vm.Id, vm.Spec.Name, vm.Spec.Cpus, vm.Spec.MemoryMiB, vm.Nics, [.. vm.Spec.Disks.Select(disk => disk.Name)])
        {
            Limit = vm.Spec.Timeouts.DomainSeconds is null ? null : Timeout(vm),
        }, cancellation);
    }

    // A guest that has begun to boot goes on with it.
    public bool TakesOver => true;

    // One that was switched off in the middle of its first boot is made again; not one that was to switch itself off and did.
    public async Task<bool> StillStandsAsync(Vm vm, CancellationToken cancellation) =>
        await hypervisor.FindPowerAsync(vm.Id, cancellation) is { } power && (power != DomainPower.Stopped || await AskedPower.IsDoneAsync(vm, hypervisor, cancellation));

    public Task UndoAsync(Vm vm, CancellationToken cancellation) => hypervisor.RemoveDomainAsync(vm.Id, vm.Nics, cancellation);

    private StepLimit Limit(Vm vm) => StepLimit.Domain(vm, options.Value.Timeouts);
}
