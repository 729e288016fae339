using System.Diagnostics;
using AutoProvision.Fakes;

namespace AutoProvision.FakeService;

/// <summary>
/// What goes wrong in this process, by its environment. Points are those of <see cref="FaultyStep"/>, separated by semicolons,
/// such as <c>web-1@domain: after</c> for one VM or <c>domain: after</c> for all.
/// </summary>
internal sealed class FaultPlan
{
    /// <summary>Keeps the hypervisor's state, so that it outlives this process; empty keeps it in memory alone.</summary>
    public const string HypervisorFileVariable = "FAKE_HYPERVISOR_FILE";

    /// <summary>Points where the process ends itself by SIGKILL.</summary>
    public const string KillVariable = "FAULT_KILL_AT";

    /// <summary>Points where a step takes a moment.</summary>
    public const string PauseVariable = "FAULT_PAUSE_AT";

    /// <summary>Points where a step waits until the file of <see cref="ReleaseVariable"/> is there.</summary>
    public const string HoldVariable = "FAULT_HOLD_AT";

    public const string ReleaseVariable = "FAULT_RELEASE_FILE";

    /// <summary>A file with the seconds that the clock is off, which may change at any moment.</summary>
    public const string ClockVariable = "FAULT_CLOCK_FILE";

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(20);

    public string? HypervisorFile { get; private init; }

    public string? ClockFile { get; private init; }

    public FaultPoints Points { get; } = new();

    public static FaultPlan FromEnvironment()
    {
        var plan = new FaultPlan
        {
            HypervisorFile = Environment.GetEnvironmentVariable(HypervisorFileVariable) is { Length: > 0 } file ? file : null,
            ClockFile = Environment.GetEnvironmentVariable(ClockVariable),
        };
        foreach (var point in Read(KillVariable))
            plan.Points.DoAt(point, DieAsync);
        foreach (var point in Read(PauseVariable))
            plan.Points.DoAt(point, cancellation => Task.Delay(Moment, cancellation));
        foreach (var point in Read(HoldVariable))
            plan.Points.DoAt(point, HoldAsync);
        return plan;
    }

    private static string[] Read(string variable) =>
        Environment.GetEnvironmentVariable(variable)?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    private static Task DieAsync(CancellationToken cancellation)
    {
        using var self = Process.GetCurrentProcess();
        self.Kill();
        // Nobody gets here alive.
        return Task.Delay(Timeout.Infinite, CancellationToken.None);
    }

    private static async Task HoldAsync(CancellationToken cancellation)
    {
        var file = Environment.GetEnvironmentVariable(ReleaseVariable);
        while (!File.Exists(file))
            await Task.Delay(Moment, cancellation);
    }
}
