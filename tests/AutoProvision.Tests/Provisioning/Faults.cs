using AutoProvision.Fakes;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning;

/// <summary>The steps, and the ways one can break; the rows of the theories.</summary>
internal static class Faults
{
    public const string BeforeWork = "before its work";
    public const string AfterWork = "after its work";

    public static readonly string[] Steps = ["image", "keys", "seed", "disk", "network", "domain", "address", "ssh", "cloud-init", "agent", "checks"];

    /// <summary>Every step, at both moments.</summary>
    public static TheoryData<string, string> EveryPoint()
    {
        var rows = new TheoryData<string, string>();
        foreach (var step in Steps)
        {
            rows.Add(step, BeforeWork);
            rows.Add(step, AfterWork);
        }
        return rows;
    }

    public static string Point(string step, string moment) => moment == BeforeWork ? FaultyStep.Before(step) : FaultyStep.After(step);

    public static FailureException Known => new("made_to_fail", "It was made to fail.", "Do not.", "the evidence");
}
