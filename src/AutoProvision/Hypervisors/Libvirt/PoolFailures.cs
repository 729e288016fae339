using AutoProvision.Processes;
using AutoProvision.Vms;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>What the disk under the pool can do to a VM, told as a failure of the host and not as a defect of the service.</summary>
public static class PoolFailures
{
    // The C library's words for ENOSPC and EDQUOT, which tools pass on, and xorriso's, which asks before it writes.
    private static readonly string[] FullInWords = ["No space left on device", "Disk quota exceeded", "exceeds free space on media"];

    /// <exception cref="FailureException"><c>pool_unusable</c> or <c>disk_full</c>, instead of an error of input or output.</exception>
    public static async Task GuardAsync(string directory, Func<Task> write)
    {
        try
        {
            await write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(Tell(directory, e), e);
        }
    }

    /// <exception cref="FailureException"><c>disk_full</c>, when that is what the tool failed for.</exception>
    public static void ThrowIfFull(string tool, ProcessResult result)
    {
        if (!result.Succeeded && FullInWords.Any(words => result.Error.Contains(words, StringComparison.Ordinal)))
            throw new FailureException("disk_full", $"{tool} found no room on the disk.",
                "Free some space, or point Libvirt:PoolDirectory at a larger disk; libvirt itself needs a little under /var and /run.", result.Evidence);
    }

    public static Failure Tell(string directory, Exception exception) => DiskErrors.IsFull(exception)
        ? new("disk_full", $"The pool directory {directory} has no room: {exception.Message}", "Free some space, or point Libvirt:PoolDirectory at a larger disk.")
        : Unusable(directory, exception);

    public static Failure Unusable(string directory, Exception exception) => new("pool_unusable",
        $"The pool directory {directory} cannot be written to: {exception.Message}", "Set Libvirt:PoolDirectory to a directory with free space that the service may write to.");
}
