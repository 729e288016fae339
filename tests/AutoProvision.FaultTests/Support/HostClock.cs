using AutoProvision.FakeService;

namespace AutoProvision.FaultTests.Support;

/// <summary>
/// The clock of the service's host, which a test can set while time itself goes on: CLOCK_REALTIME steps, CLOCK_MONOTONIC does
/// not. By libfaketime where it is installed; elsewhere the service's TimeProvider alone steps.
/// </summary>
internal sealed class HostClock : IDisposable
{
    private static readonly string? Library = new[] { "/usr/lib", "/usr/lib64" }.Where(Directory.Exists)
        .SelectMany(directory => Directory.GetDirectories(directory).Prepend(directory))
        .Select(directory => Path.Combine(directory, "faketime", "libfaketimeMT.so.1"))
        .FirstOrDefault(File.Exists);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("autoprovision-clock-");

    public HostClock() => Step(TimeSpan.Zero);

    public static string By => Library is null ? "the service's TimeProvider" : "libfaketime";

    /// <summary>For the service's environment.</summary>
    public IEnumerable<(string Name, string Value)> Variables => Library is null
        ? [(FaultPlan.ClockVariable, Offset)]
        :
        [
            ("LD_PRELOAD", Library),
            ("FAKETIME_TIMESTAMP_FILE", Offset),
            ("FAKETIME_NO_CACHE", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ("NO_FAKE_STAT", "1"),
        ];

    private string Offset => Path.Combine(_directory.FullName, "offset");

    /// <summary>Sets the clock to so much before or after the real one.</summary>
    public void Step(TimeSpan offset)
    {
        // libfaketime's format; in one piece, since it is read at any moment.
        File.WriteAllText($"{Offset}.new", $"{offset.TotalSeconds:+0;-0}\n");
        File.Move($"{Offset}.new", Offset, overwrite: true);
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
