using System.Text.Json.Serialization;

namespace AutoProvision.Vms;

/// <summary>Body of <c>PATCH /vms/{id}</c>, a JSON merge patch (RFC 7396): what is left out stays, what is null goes.</summary>
public sealed class VmPatch : ITellsNulls
{
    /// <summary>Labels to set; one whose value is null is removed, and null in place of all of them removes all.</summary>
    [AtMost(ListLimits.LabelChanges)]
    public LabelPatch? Labels { get; init; }

    /// <summary>When the VM is deleted by itself, counted from now, such as 2h; null changes nothing. Not together with expiresAt.</summary>
    public string? ExpiresIn { get; init; }

    /// <summary>When the VM is deleted by itself (RFC 3339); null is never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    [JsonIgnore]
    public ISet<string> Nulls { get; } = new HashSet<string>();

    /// <summary>Makes the change of a VM that is asked for; it throws as well, where the VM would have too many labels with it.</summary>
    /// <exception cref="InvalidRequestException"/>
    public Func<Vm, Vm> ToChange(IReadOnlyList<Fault> shape, DateTimeOffset now)
    {
        var faults = new FaultList(shape);
        var set = (Labels ?? []).Where(label => label.Value is not null).ToDictionary(label => label.Key, label => label.Value!);
        LabelRules.Check(set, faults);
        var expiry = ExpiryRules.Complete(ExpiresIn, ExpiresAt, now, faults);
        faults.ThrowIfAny();
        return vm => vm with
        {
            Labels = Relabelled(vm.Labels),
            ExpiresAt = expiry is not null || Nulls.Contains("expiresAt") ? expiry : vm.ExpiresAt,
        };
    }

    private SortedDictionary<string, string> Relabelled(IReadOnlyDictionary<string, string> labels)
    {
        var result = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in labels.Where(_ => !Nulls.Contains("labels")))
            result[key] = value;
        foreach (var (key, value) in Labels ?? [])
        {
            result.Remove(key);
            if (value is not null)
                result[key] = value;
        }
        var faults = new FaultList([]);
        LabelRules.CheckCount(result.Count, faults);
        faults.ThrowIfAny();
        return result;
    }
}

/// <summary>Labels to set, and those to remove, whose value is null.</summary>
public sealed class LabelPatch : Dictionary<string, string?>;

/// <summary>A body in which null is not the same as nothing.</summary>
public interface ITellsNulls
{
    /// <summary>Names of the members that were sent as null.</summary>
    ISet<string> Nulls { get; }
}
