using System.ComponentModel;
using System.Diagnostics;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>
/// The tools that a killed service leaves running: what they make would come after an undo has looked for it. Known by their
/// names and by a file of the VM among their arguments.
/// </summary>
/// <param name="paths">The VMs' files.</param>
/// <param name="time">Clock.</param>
public sealed class StrayTools(PoolPaths paths, TimeProvider time)
{
    private static readonly string[] Names = ["virt-install", "qemu-img", "xorriso", "genisoimage"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>Waits until none works on this VM; one that takes too long is killed. None of this service runs while its VM is undone.</summary>
    public async Task EndAsync(Guid id, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        // What is written to is this file or that: all start with the id.
        var files = Path.Combine(paths.Directory, $"{id}.");
        while (Find(files) is { Count: > 0 } strays)
        {
            if (time.GetElapsedTime(started) >= Patience)
                strays.ForEach(Kill);
            await Task.Delay(Interval, time, cancellation);
        }
    }

    private static List<int> Find(string files) =>
    [
        .. from directory in Directory.EnumerateDirectories("/proc")
           let pid = int.TryParse(Path.GetFileName(directory), out var number) ? number : 0
           where pid > 0 && WorksOn(files, Arguments(pid))
           select pid,
    ];

    // A script's arguments begin with those of its interpreter.
    private static bool WorksOn(string files, string[] arguments) =>
        arguments.Take(3).Any(argument => Names.Contains(Path.GetFileName(argument))) && Written(arguments).Any(argument => argument.Contains(files, StringComparison.Ordinal));

    // A copy is the work of the VM that it is for: it only reads the other's file, and names its own last.
    private static string[] Written(string[] arguments) => arguments.Contains("convert") ? arguments[^1..] : arguments;

    // proc_pid_cmdline(5): each ends with a NUL; none of a process that has ended.
    private static string[] Arguments(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").TrimEnd('\0').Split('\0');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static void Kill(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception)
        {
            // It ended by itself, or is not ours to end: the next look tells.
        }
    }
}
