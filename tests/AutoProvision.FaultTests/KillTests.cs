using AutoProvision.FaultTests.Support;

namespace AutoProvision.FaultTests;

/// <summary>Every boundary has a VM of its own that kills the service there.</summary>
public sealed class KillTests
{
    [Fact(Timeout = 7_200_000)]
    public async Task Killed_at_any_boundary_every_job_ends_and_nothing_is_left()
    {
        var random = Knobs.Seeded();
        string[] boundaries = [.. Boundaries.Making, .. Boundaries.Deleting];
        await using var run = new KillRun([.. Enumerable.Repeat(boundaries, Knobs.Rounds).SelectMany(all => all)]);
        await run.StartAsync();
        while (run.HasNext)
            await run.NextAsync(random.Next(3));
        Figure.Print($"SIGKILL at {boundaries.Length} boundaries x {Knobs.Rounds} rounds", run.Figures);
    }
}
