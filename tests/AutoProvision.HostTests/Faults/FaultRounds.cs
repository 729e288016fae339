namespace AutoProvision.HostTests.Faults;

/// <summary>How much the fault harness is to do: <c>AUTOPROVISION_FAULT_ROUNDS</c>, 1 where it is not set.</summary>
internal static class FaultRounds
{
    public static int Count { get; } = int.TryParse(Environment.GetEnvironmentVariable("AUTOPROVISION_FAULT_ROUNDS"), out var rounds) && rounds > 0 ? rounds : 1;

    public static bool Long => Count > 1;
}
