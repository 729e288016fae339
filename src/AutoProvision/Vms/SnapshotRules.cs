using System.Globalization;
using AutoProvision.CloudInit;

namespace AutoProvision.Vms;

internal static class SnapshotRules
{
    private const int MaxDescription = 255;

    /// <returns>The snapshot's name.</returns>
    /// <exception cref="InvalidRequestException"/>
    public static string Complete(SnapshotRequest request, IReadOnlyList<Fault> shape, DateTimeOffset now)
    {
        var faults = new FaultList(shape);
        if (request.Name is { } name && !VmRules.IsLabel(name))
            faults.Add("/name", "name_invalid", $"\"{name}\" is no RFC 1123 label.", "1 to 63 characters of a-z, 0-9 and \"-\", neither beginning nor ending with \"-\".");
        if (request.Description is { } words)
        {
            const string Hint = "One line of at most 255 characters.";
            faults.Check("/description", "description_invalid", Hint, () => CloudInitRules.Line(words, "Description"));
            if (words.Length > MaxDescription)
                faults.Add("/description", "description_invalid", $"The description has {words.Length} characters.", Hint);
        }
        faults.ThrowIfAny();
        return request.Name ?? $"snapshot-{now.UtcDateTime.ToString("yyyyMMdd-HHmmss-fff", CultureInfo.InvariantCulture)}";
    }
}
