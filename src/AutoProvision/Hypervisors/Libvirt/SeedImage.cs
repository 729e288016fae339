using AutoProvision.Processes;
using AutoProvision.Vms;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>
/// Makes the NoCloud seed: an ISO 9660 image labelled <c>cidata</c>, with xorriso or, where only that is installed, genisoimage.
/// Layout: https://cloudinit.readthedocs.io/en/latest/reference/datasources/nocloud.html
/// </summary>
public sealed class SeedImage(IProcessRunner processes)
{
    /// <exception cref="FailureException"><c>tool_missing</c> or <c>seed_failed</c>.</exception>
    public async Task WriteAsync(string path, SeedFiles seed, CancellationToken cancellation)
    {
        var directory = Directory.CreateTempSubdirectory("autoprovision-seed-");
        try
        {
            await WriteFilesAsync(directory.FullName, seed, cancellation);
            // The image holds the guest's private host key: nobody else may ever read it.
            PrivateFile.Create(path);
            var result = await processes.RunAsync(new ProcessCommand(Tool(), Arguments(Tool(), path, directory.FullName)), cancellation);
            if (!result.Succeeded)
                throw new FailureException("seed_failed", $"{Tool()} could not write the seed image.", "See that the pool directory has space and can be written to.", result.Evidence);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>xorriso's mkisofs mode and genisoimage take the same words.</summary>
    public static IReadOnlyList<string> Arguments(string tool, string path, string directory)
    {
        string[] common = ["-quiet", "-output", path, "-volid", "cidata", "-joliet", "-rational-rock", directory];
        return tool == "xorriso" ? ["-as", "mkisofs", .. common] : common;
    }

    private static string Tool() => HostTools.Find("xorriso") is null && HostTools.Find("genisoimage") is not null ? "genisoimage" : "xorriso";

    private static async Task WriteFilesAsync(string directory, SeedFiles seed, CancellationToken cancellation)
    {
        await File.WriteAllTextAsync(Path.Combine(directory, "user-data"), seed.UserData, cancellation);
        await File.WriteAllTextAsync(Path.Combine(directory, "meta-data"), seed.MetaData, cancellation);
        if (seed.NetworkConfig is { } network)
            await File.WriteAllTextAsync(Path.Combine(directory, "network-config"), network, cancellation);
    }
}
