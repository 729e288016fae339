using AutoProvision.Hypervisors;
using AutoProvision.Images;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning.Steps;

/// <summary>Makes the root disk, an overlay on the base image.</summary>
public sealed class DiskStep(IHypervisor hypervisor, ImageStore images, IOptions<ProvisioningOptions> options) : IStep
{
    public string Name => "disk";

    public TimeSpan Timeout(Vm vm) => Limit.Time;

    public Failure TimedOut(Vm vm) => new("disk_timeout", "The disk was not made in time.", $"See that the pool directory's disk answers. {Limit.Hint}");

    public async Task RunAsync(StepContext context, CancellationToken cancellation)
    {
        var spec = context.Vm.Spec;
        // Not at hand where the job goes on after a restart.
        context.Image ??= await images.EnsureAsync(spec.Image, progress: null, cancellation);
        await hypervisor.CreateDiskAsync(context.Id, context.Image, spec.DiskGiB, cancellation);
    }

    public Task UndoAsync(Vm vm, CancellationToken cancellation) => hypervisor.RemoveDiskAsync(vm.Id, cancellation);

    private StepLimit Limit => StepLimit.Preparation(options.Value.Timeouts);
}
