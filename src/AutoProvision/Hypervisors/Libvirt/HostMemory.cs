namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>Reads /proc/meminfo.</summary>
public static class HostMemory
{
    /// <param name="field">Such as MemAvailable.</param>
    /// <returns>MiB; 0 when the field is not there.</returns>
    public static long ReadMiB(string field)
    {
        var line = File.Exists("/proc/meminfo") ? File.ReadLines("/proc/meminfo").FirstOrDefault(l => l.StartsWith(field + ":", StringComparison.Ordinal)) : null;
        return line is null ? 0 : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) / 1024;
    }
}
