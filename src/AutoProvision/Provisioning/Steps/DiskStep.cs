using AutoProvision.Hypervisors;
using AutoProvision.Images;
using AutoProvision.Provisioning.Operations;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning.Steps;

/// <summary>Makes the disks: the root disk, an overlay on the base image, and empty ones beside it, or copies of another VM's.</summary>
public sealed class DiskStep(IHypervisor hypervisor, ImageStore images, DiskCopy copy, IOptions<ProvisioningOptions> options) : IStep
{
    public string Name => "disk";

    public TimeSpan Timeout(Vm vm) => vm.CloneOf is null ? Limit.Time : copy.Timeout;

    public Failure TimedOut(Vm vm) => vm.CloneOf is null
        ? new("disk_timeout", "The disk was not made in time.", $"See that the pool directory's disk answers. {Limit.Hint}")
        : copy.TimedOut;

    public async Task RunAsync(StepContext context, CancellationToken cancellation)
    {
        var spec = context.Vm.Spec;
        if (context.Vm.CloneOf is not null)
        {
            await copy.RunAsync(context.Vm, cancellation);
            return;
        }
        // Not at hand where the job goes on after a restart.
        context.Image ??= await images.EnsureAsync(spec.Image, progress: null, cancellation);
        await hypervisor.CreateDiskAsync(context.Id, context.Image, spec.DiskGiB, cancellation);
        foreach (var (index, disk) in spec.Disks.Index())
            await hypervisor.CreateDataDiskAsync(context.Id, index, disk.SizeGiB, cancellation);
    }

    public async Task UndoAsync(Vm vm, CancellationToken cancellation)
    {
        if (vm.CloneOf is not null)
            await copy.ReleaseAsync(vm, cancellation);
        await hypervisor.RemoveDiskAsync(vm.Id, cancellation);
    }

    private StepLimit Limit => StepLimit.Preparation(options.Value.Timeouts);
}
