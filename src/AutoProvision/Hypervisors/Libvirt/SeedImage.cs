using System.Text;
using AutoProvision.Processes;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>
/// Makes the NoCloud seed: an ISO 9660 image labelled <c>cidata</c>, with xorriso or, where only that is installed, genisoimage.
/// Layout: https://cloudinit.readthedocs.io/en/latest/reference/datasources/nocloud.html
/// </summary>
public sealed class SeedImage(IProcessRunner processes, IOptions<LibvirtOptions> options)
{
    private const string Label = "cidata";

    /// <param name="path">The image to write.</param>
    /// <param name="directory">Where its files are meanwhile. Named by the caller, who can then remove what a killed service has left in it.</param>
    /// <param name="seed">What goes in.</param>
    /// <param name="cancellation">Stops the tool.</param>
    /// <exception cref="FailureException"><c>tool_missing</c>, <c>tool_timeout</c>, <c>disk_full</c> or <c>seed_failed</c>.</exception>
    public async Task WriteAsync(string path, string directory, SeedFiles seed, CancellationToken cancellation)
    {
        RemoveFiles(directory);
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        try
        {
            await WriteFilesAsync(directory, seed, cancellation);
            // The image holds the guest's private host key: nobody else may ever read it.
            PrivateFile.Create(path);
            var result = await processes.RunAsync(new ProcessCommand(Tool(), Arguments(Tool(), path, directory)) { Timeout = options.Value.CommandTimeout }, cancellation);
            PoolFailures.ThrowIfFull(Tool(), result);
            if (!result.Succeeded)
                throw Failed($"{Tool()} could not write the seed image.", result);
            if (!IsLabelled(path))
                throw Failed($"{Tool()} ended well, but what it wrote is no ISO 9660 image labelled {Label}.", result);
        }
        finally
        {
            RemoveFiles(directory);
        }
    }

    public static void RemoveFiles(string directory)
    {
        if (Directory.Exists(directory))
            Directory.Delete(directory, recursive: true);
    }

    /// <summary>xorriso's mkisofs mode and genisoimage take the same words.</summary>
    public static IReadOnlyList<string> Arguments(string tool, string path, string directory)
    {
        string[] common = ["-quiet", "-output", path, "-volid", Label, "-joliet", "-rational-rock", directory];
        return tool == "xorriso" ? ["-as", "mkisofs", .. common] : common;
    }

    // The primary volume descriptor is the 17th sector: type, "CD001", and its volume identifier at byte 40 (ECMA-119, 8.4).
    private static bool IsLabelled(string path)
    {
        var descriptor = Encoding.ASCII.GetString(FileBytes.Read(path, offset: 16 * 2048, count: 72));
        return descriptor.Length == 72 && descriptor[1..6] == "CD001" && descriptor[40..].TrimEnd() == Label;
    }

    private static FailureException Failed(string cause, ProcessResult result) =>
        new("seed_failed", cause, "See that the pool directory has space and can be written to, and that the tool is the real one.", result.Evidence);

    private static string Tool() => HostTools.Find("xorriso") is null && HostTools.Find("genisoimage") is not null ? "genisoimage" : "xorriso";

    private static async Task WriteFilesAsync(string directory, SeedFiles seed, CancellationToken cancellation)
    {
        await File.WriteAllTextAsync(Path.Combine(directory, "user-data"), seed.UserData, cancellation);
        await File.WriteAllTextAsync(Path.Combine(directory, "meta-data"), seed.MetaData, cancellation);
        if (seed.NetworkConfig is { } network)
            await File.WriteAllTextAsync(Path.Combine(directory, "network-config"), network, cancellation);
    }
}
