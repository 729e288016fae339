using AutoProvision.FaultTests.Support;

namespace AutoProvision.FaultTests;

/// <summary>Every boundary has a VM of its own that kills the service there.</summary>
public sealed class KillTests
{
    // Most of a kill is a process's start, and one of them at a time leaves a core free.
    private const int Machines = 2;

    [Fact(Timeout = 7_200_000)]
    public async Task Killed_at_any_boundary_every_job_ends_and_nothing_is_left()
    {
        var random = Knobs.Seeded();
        var boundaries = Knobs.Chosen([.. Boundaries.Making, .. Boundaries.Deleting], random);
        string[] all = [.. Enumerable.Repeat(boundaries, Knobs.Rounds).SelectMany(round => round)];

        var runs = await Task.WhenAll(Enumerable.Range(0, Machines)
            .Select(machine => RunAsync([.. all.Where((_, number) => number % Machines == machine)], new Random(random.Next()))).ToArray());

        Figure.Print($"SIGKILL at {boundaries.Length} boundaries x {Knobs.Rounds} rounds",
            $"{runs.Sum(run => run.Ended("ready"))} ready, {runs.Sum(run => run.Ended("failed"))} failed, {runs.Sum(run => run.Ended("deleted"))} deleted; "
            + $"slowest recovery {runs.Max(run => run.Slowest).TotalSeconds:0.0} s; orphans 0");
    }

    private static async Task<KillRun> RunAsync(IReadOnlyList<string> boundaries, Random random)
    {
        await using var run = new KillRun(boundaries);
        await run.StartAsync();
        while (run.HasNext)
            await run.NextAsync(random.Next(3));
        return run;
    }
}
