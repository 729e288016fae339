using AutoProvision.Processes;
using AutoProvision.Vms;

namespace AutoProvision.Images;

/// <summary>
/// The directory OUTPUT.build that a build script works in, gigabytes large: removed for a script that was killed before it could.
/// </summary>
internal sealed class BuildTree(IProcessRunner processes, TimeProvider time, ILogger<BuildTree> logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private const int Tries = 25;

    /// <summary>Never throws: the build's own end matters more, and the next build removes what is left.</summary>
    public async Task RemoveAsync(string output)
    {
        var path = output + ".build";
        // The last of a killed build's processes may still be writing.
        for (var left = Tries; Directory.Exists(path) && await TryRemoveAsync(path) is { } trouble; await Task.Delay(Pause, time))
        {
            if (--left > 0)
                continue;
            logger.BuildTreeLeft(path, trouble);
            return;
        }
    }

    // Not Directory.Delete, which would go into whatever a script has mounted there.
    private async Task<string?> TryRemoveAsync(string path)
    {
        try
        {
            var result = await processes.RunAsync(new("rm", "-rf", "--one-file-system", "--", path), CancellationToken.None);
            return result.Succeeded ? null : result.Evidence;
        }
        catch (FailureException e)
        {
            return e.Failure.Cause;
        }
    }
}
