using System.Runtime.InteropServices;
using AutoProvision.Vms;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>
/// Keeps the pool to one service: another with a journal of its own would take this one's VMs for orphans. The lock is on the
/// directory itself, leaves no file, and ends with the process.
/// </summary>
internal sealed class PoolLock : IDisposable
{
    private const int ReadOnly = 0;
    // The tools that the service starts must not hold it on: O_CLOEXEC on x86-64 and on arm64.
    private const int CloseOnExec = 0x80000;
    private const int ExclusiveNow = 2 | 4;
    private const int HeldByAnother = 11;
    private readonly int _directory = -1;

    /// <exception cref="FailureException"><c>pool_in_use</c>.</exception>
    public PoolLock(PoolPaths paths)
    {
        if (!CanBeMade(paths))
            return;
        _directory = Open(paths.Directory, ReadOnly | CloseOnExec);
        if (_directory < 0 || Flock(_directory, ExclusiveNow) == 0 || Marshal.GetLastPInvokeError() != HeldByAnother)
            return;
        Dispose();
        throw new FailureException("pool_in_use", $"Another service uses the pool directory {paths.Directory}.",
            "Stop it, or give this one another Libvirt:PoolDirectory and AutoProvision:DataDirectory.");
    }

    public void Dispose()
    {
        if (_directory >= 0)
            _ = Close(_directory);
    }

    // A directory that cannot be used is the preflight's to tell; nothing is made there meanwhile.
    private static bool CanBeMade(PoolPaths paths)
    {
        try
        {
            paths.Ensure();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "flock", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Flock(int file, int operation);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int file);
}
