using AutoProvision.Images;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning.Steps;

/// <summary>Has the base image at hand: fetched, verified or built, once for all who ask. It outlives the VM.</summary>
public sealed class ImageStep(ImageStore images, IOptions<ProvisioningOptions> options) : IStep
{
    private const long GiB = 1024L * 1024 * 1024;

    public string Name => "image";

    public TimeSpan Timeout(Vm vm) => Limit(vm).Time;

    public Failure TimedOut(Vm vm) => new("image_timeout", "The base image was not there in time.",
        $"Look at GET /images; a slow download goes on where it stopped with the next VM. {Limit(vm).Hint}");

    public bool CanBeCutOff => true;

    public async Task RunAsync(StepContext context, CancellationToken cancellation)
    {
        // A copy stands on what its source stands on, whatever the catalogue names by now.
        if (context.Vm.CloneOf is not null)
            return;
        var spec = context.Vm.Spec;
        var image = await images.EnsureAsync(spec.Image, new ImageReporter(context), cancellation);
        if (spec.DiskGiB * GiB < image.VirtualSizeBytes)
            throw new FailureException("disk_too_small",
                $"A disk of {spec.DiskGiB} GiB does not hold the image \"{spec.Image}\".",
                $"Ask for a diskGiB of at least {(image.VirtualSizeBytes + GiB - 1) / GiB}.");
        CheckUsers(spec, image);
        context.Image = image;
    }

    // The request was checked against an image that was there; this one may have come since.
    private void CheckUsers(VmSpec spec, BaseImage image)
    {
        var taken = images.UsersIn(spec.Image);
        if (spec.Users.Select(user => user.Name).Prepend(spec.User).FirstOrDefault(name => name != image.User && taken.Contains(name)) is { } name)
            throw new FailureException("user_taken", $"{name} is an account of the image \"{spec.Image}\".", "Ask for a user of another name. A name that only a group has can be taken.");
    }

    public Task UndoAsync(Vm vm, CancellationToken cancellation) => Task.CompletedTask;

    private StepLimit Limit(Vm vm) => StepLimit.Image(vm, options.Value.Timeouts);
}
