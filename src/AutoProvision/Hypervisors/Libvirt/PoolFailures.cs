using AutoProvision.Vms;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>What the disk under the pool can do to a VM, told as a failure of the host and not as a defect of the service.</summary>
public static class PoolFailures
{
    // Linux errno values, which .NET hands through as HResult: ENOSPC, EDQUOT.
    private static readonly int[] Full = [28, 122];

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

    public static Failure Tell(string directory, Exception exception) => Full.Contains(exception.HResult)
        ? new("disk_full", $"The pool directory {directory} has no room: {exception.Message}", "Free some space, or point Libvirt:PoolDirectory at a larger disk.")
        : Unusable(directory, exception);

    public static Failure Unusable(string directory, Exception exception) => new("pool_unusable",
        $"The pool directory {directory} cannot be written to: {exception.Message}", "Set Libvirt:PoolDirectory to a directory with free space that the service may write to.");
}
