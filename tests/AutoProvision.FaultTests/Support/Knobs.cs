namespace AutoProvision.FaultTests.Support;

/// <summary>How long the harness runs, and the seed of what is random in it, by the environment.</summary>
internal static class Knobs
{
    /// <summary>Rounds of kills; 1 is the short form.</summary>
    public static int Rounds { get; } = Number("AUTOPROVISION_FAULT_ROUNDS", 1);

    /// <summary>A source of chance that a failed run can be repeated with.</summary>
    public static Random Seeded()
    {
        var seed = Number("AUTOPROVISION_FAULT_SEED", Random.Shared.Next(1_000_000));
        Console.WriteLine($"seed: {seed} ({TestContext.Current.TestMethod?.MethodName}); AUTOPROVISION_FAULT_SEED={seed} repeats it");
        return new Random(seed);
    }

    private static int Number(string variable, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(variable), out var number) ? number : otherwise;
}
