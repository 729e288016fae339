using System.Globalization;

namespace AutoProvision.FaultTests.Support;

internal static class ResidentMemory
{
    /// <summary>A process's resident memory in KiB.</summary>
    // The line is "VmRSS:     12345 kB": proc_pid_status(5).
    public static long Of(int pid) => long.Parse(
        File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2],
        CultureInfo.InvariantCulture);
}
