using AutoProvision.Fakes;

namespace AutoProvision.FaultTests.Support;

/// <summary>Every place between two steps, by the names of <see cref="FaultyStep"/>'s points.</summary>
internal static class Boundaries
{
    /// <summary>The steps in their order; a test compares them with the events of a VM.</summary>
    public static readonly string[] Steps = ["image", "keys", "seed", "disk", "network", "domain", "address", "ssh", "cloud-init", "agent", "checks"];

    /// <summary>On the way to a ready VM.</summary>
    public static IReadOnlyList<string> Making => [.. Steps.SelectMany(step => new[] { FaultyStep.Before(step), FaultyStep.After(step) })];

    /// <summary>On the way to a deleted one: the undos, last in, first out.</summary>
    public static IReadOnlyList<string> Deleting => [.. Steps.Reverse().Select(FaultyStep.Undo)];
}
