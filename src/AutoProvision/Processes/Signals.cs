using System.Diagnostics;
using System.Runtime.InteropServices;

namespace AutoProvision.Processes;

/// <summary>.NET knows only SIGKILL: see <see cref="Process.Kill()"/>.</summary>
internal static class Signals
{
    // Linux has the same number on every architecture: signal(7).
    private const int Sigterm = 15;

    /// <summary>Asks a program to end, if it has ended neither already nor ignores or dies of the question.</summary>
    /// <returns>Whether it was asked.</returns>
    public static bool Terminate(Process process) => !process.HasExited && Catches(process.Id, Sigterm) && Kill(process.Id, Sigterm) == 0;

    // SigCgt in proc_pid_status(5): a mask in hex, signal 1 its lowest bit.
    private static bool Catches(int pid, int signal)
    {
        try
        {
            var mask = File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("SigCgt:", StringComparison.Ordinal))["SigCgt:".Length..];
            return ((Convert.ToUInt64(mask.Trim(), 16) >> (signal - 1)) & 1) == 1;
        }
        catch (IOException)
        {
            return false;
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);
}
