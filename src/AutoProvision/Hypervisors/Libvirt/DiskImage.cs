using AutoProvision.Images;
using AutoProvision.Processes;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>Makes a root disk: a qcow2 layer on a base image.</summary>
public sealed class DiskImage(IProcessRunner processes, IOptions<LibvirtOptions> options)
{
    // "QFI" and 0xfb: https://www.qemu.org/docs/master/interop/qcow2.html
    private static readonly byte[] Magic = [0x51, 0x46, 0x49, 0xfb];

    /// <param name="path">The file to make; one that is there is made anew.</param>
    /// <param name="image">What it is a layer on.</param>
    /// <param name="sizeGiB">What the guest sees.</param>
    /// <param name="cancellation">Stops the tool.</param>
    /// <exception cref="FailureException"><c>tool_missing</c>, <c>tool_timeout</c>, <c>disk_full</c> or <c>disk_failed</c>.</exception>
    public async Task CreateAsync(string path, BaseImage image, int sizeGiB, CancellationToken cancellation)
    {
        // It will hold the private host key and the caller's files. qemu-img keeps the mode of a file that is there.
        PrivateFile.Create(path);
        var result = await processes.RunAsync(new ProcessCommand("qemu-img",
            "create", "-q", "-f", "qcow2", "-b", image.Path, "-F", image.Format, path, $"{sizeGiB}G") { Timeout = options.Value.CommandTimeout }, cancellation);
        PoolFailures.ThrowIfFull("qemu-img", result);
        if (!result.Succeeded)
            throw Failed("qemu-img could not make the overlay disk.", result);
        if (!FileBytes.Read(path, offset: 0, Magic.Length).SequenceEqual(Magic))
            throw Failed("qemu-img ended well, but what it made is no qcow2 image.", result);
    }

    private static FailureException Failed(string cause, ProcessResult result) =>
        new("disk_failed", cause, "See that the pool directory has space, that the base image is whole and that qemu-img is QEMU's own.", result.Evidence);
}
