using System.Globalization;

namespace AutoProvision.FakeService;

/// <summary>A clock that stands as many seconds from the real one as a file says. Timers and timestamps are the real ones.</summary>
internal sealed class FileClock(string path) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() =>
        base.GetUtcNow() + TimeSpan.FromSeconds(double.Parse(File.ReadAllText(path), CultureInfo.InvariantCulture));
}
