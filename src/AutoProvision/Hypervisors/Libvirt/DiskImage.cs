using System.Text.Json;
using AutoProvision.Images;
using AutoProvision.Processes;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>Makes disks: a root disk is a qcow2 layer on a base image, the others are empty.</summary>
/// <remarks>Every method throws <c>tool_missing</c>, <c>tool_timeout</c>, <c>disk_full</c> or <c>disk_failed</c>.</remarks>
public sealed class DiskImage(IProcessRunner processes, IOptions<LibvirtOptions> options)
{
    private const long GiB = 1L << 30;
    // "QFI" and 0xfb: https://www.qemu.org/docs/master/interop/qcow2.html
    private static readonly byte[] Magic = [0x51, 0x46, 0x49, 0xfb];

    /// <param name="path">The file to make; one that is there is made anew.</param>
    /// <param name="image">What it is a layer on.</param>
    /// <param name="sizeGiB">What the guest sees.</param>
    /// <param name="cancellation">Stops the tool.</param>
    public Task CreateAsync(string path, BaseImage image, int sizeGiB, CancellationToken cancellation) => MakeAsync(path, options.Value.CommandTimeout,
        ["create", "-q", "-f", "qcow2", "-b", image.Path, "-F", image.Format, path, $"{sizeGiB}G"], cancellation);

    /// <summary>Makes a disk with nothing on it, in a file that grows as it is written to.</summary>
    public Task CreateEmptyAsync(string path, int sizeGiB, CancellationToken cancellation) => MakeAsync(path, options.Value.CommandTimeout,
        ["create", "-q", "-f", "qcow2", path, $"{sizeGiB}G"], cancellation);

    /// <summary>
    /// Copies a disk that nobody writes to, without its snapshots. Of a layer only what it holds itself is read: with -B qemu-img
    /// asks for the state above the backing image alone (convert_iteration_sectors in QEMU's qemu-img.c).
    /// </summary>
    /// <param name="path">The file to make; one that is there is made anew.</param>
    /// <param name="source">The file to copy. QEMU may have it open.</param>
    /// <param name="cancellation">Stops the tool.</param>
    public async Task CopyAsync(string path, string source, CancellationToken cancellation)
    {
        // What the source itself says it is a layer on: the catalogue may name another image by now, and -B takes any without a word.
        var info = await ReadInfoAsync(source, cancellation);
        IReadOnlyList<string> backing = info.BackingFile is not { } file ? [] : ["-B", file, "-F", info.BackingFormat ?? throw Failed("The disk does not tell its backing file's format.", file)];
        await MakeAsync(path, options.Value.CopyTimeout, ["convert", "-q", "-U", "-f", "qcow2", "-O", "qcow2", .. backing, source, path], cancellation);
    }

    /// <summary>Makes a disk larger that no guest has open; one that has the size stays as it is.</summary>
    /// <exception cref="FailureException">Also <c>hypervisor_refused</c>: it would shrink.</exception>
    public async Task GrowAsync(string path, int sizeGiB, CancellationToken cancellation)
    {
        var size = (await ReadInfoAsync(path, cancellation)).VirtualSizeBytes;
        if (size > sizeGiB * GiB)
            throw new FailureException("hypervisor_refused", $"The disk has {size / (double)GiB:0.##} GiB and cannot shrink to {sizeGiB} GiB: the guest's data would be cut off.", "Ask for at least what it has.");
        if (size < sizeGiB * GiB)
            await RunAsync(options.Value.CommandTimeout, ["resize", "-q", "-f", "qcow2", path, $"{sizeGiB}G"], cancellation);
    }

    public static FailureException Failed(string cause, ProcessResult result) => Failed(cause, result.Evidence);

    private static FailureException Failed(string cause, string evidence) =>
        new("disk_failed", cause, "See that the pool directory has space, that the base image is whole and that qemu-img is QEMU's own.", evidence);

    private async Task<QemuImageInfo> ReadInfoAsync(string path, CancellationToken cancellation)
    {
        var result = await RunAsync(options.Value.CommandTimeout, ["info", "-U", "--output=json", path], cancellation);
        try
        {
            return QemuImageInfo.Parse(result.Output);
        }
        catch (JsonException)
        {
            throw Failed("qemu-img ended well, but what it printed does not tell what the disk is.", result);
        }
    }

    private async Task MakeAsync(string path, TimeSpan timeout, IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        // It will hold the private host key and the caller's files. qemu-img keeps the mode of a file that is there.
        PrivateFile.Create(path);
        var result = await RunAsync(timeout, arguments, cancellation);
        if (!FileBytes.Read(path, offset: 0, Magic.Length).SequenceEqual(Magic))
            throw Failed("qemu-img ended well, but what it made is no qcow2 image.", result);
    }

    private async Task<ProcessResult> RunAsync(TimeSpan timeout, IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        var result = await processes.RunAsync(new ProcessCommand("qemu-img", arguments) { Timeout = timeout }, cancellation);
        PoolFailures.ThrowIfFull("qemu-img", result);
        return result.Succeeded ? result : throw Failed($"qemu-img {arguments[0]} of a disk failed with exit code {result.ExitCode}.", result);
    }
}
