namespace AutoProvision.FaultTests.Support;

/// <summary>How long the harness runs, and the seed of what is random in it, by the environment.</summary>
internal static class Knobs
{
    /// <summary>Rounds of kills; 1 is the short form.</summary>
    public static int Rounds { get; } = Number("AUTOPROVISION_FAULT_ROUNDS", 1);

    /// <summary>Kills happen at one of so many boundaries, which the seed chooses; 1 is all of them.</summary>
    public static int Share { get; } = Math.Max(1, Number("AUTOPROVISION_FAULT_SHARE", 1));

    /// <summary>Requests of the fuzz, in all its equal rounds together: 2,000 for each round of kills, unless the environment says another number.</summary>
    public static int FuzzRequests { get; } = Number("AUTOPROVISION_FUZZ_REQUESTS", 2_000 * Rounds);

    /// <summary>The one request of the fuzz that is sent; null for all.</summary>
    public static int? FuzzOnly { get; } = Number("AUTOPROVISION_FUZZ_ONLY", -1) is >= 0 and var only ? only : null;

    /// <summary>What everything random in a test comes from.</summary>
    public static int Seed() => Number("AUTOPROVISION_FAULT_SEED", Random.Shared.Next(1_000_000));

    /// <summary>A source of chance that a failed run can be repeated with.</summary>
    public static Random Seeded()
    {
        var seed = Seed();
        Console.WriteLine($"seed: {seed} ({TestContext.Current.TestMethod?.MethodName}); AUTOPROVISION_FAULT_SEED={seed} repeats it");
        return new Random(seed);
    }

    /// <summary>The boundaries that kills happen at in this run, in their order.</summary>
    public static string[] Chosen(IEnumerable<string> boundaries, Random random)
    {
        var first = random.Next(Share);
        return [.. boundaries.Where((_, number) => number % Share == first)];
    }

    private static int Number(string variable, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(variable), out var number) ? number : otherwise;
}
