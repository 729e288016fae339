namespace AutoProvision.Vms;

/// <summary>Which events a reader wants.</summary>
/// <param name="Vms">Of these VMs; none named is all.</param>
/// <param name="Types">Of these types; none named is all.</param>
public sealed record EventFilter(IReadOnlySet<Guid> Vms, IReadOnlySet<VmEventType> Types)
{
    public static EventFilter All { get; } = new(new HashSet<Guid>(), new HashSet<VmEventType>());

    public bool Takes(VmEvent what) => (Vms.Count == 0 || Vms.Contains(what.Vm)) && (Types.Count == 0 || Types.Contains(what.Type));
}
