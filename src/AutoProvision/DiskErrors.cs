namespace AutoProvision;

/// <summary>What the kernel says of a disk without room. .NET hands Linux's errno through as HResult.</summary>
internal static class DiskErrors
{
    // ENOSPC, EDQUOT.
    private static readonly int[] Full = [28, 122];

    public static bool IsFull(Exception exception) => Full.Contains(exception.HResult);
}
