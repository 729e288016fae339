namespace AutoProvision.FaultTests.Support;

internal static class Figure
{
    /// <summary>Prints one line of the table that deploy/faults makes.</summary>
    public static void Print(string fault, string result) => Console.WriteLine($"figure: {fault}: {result}");
}
