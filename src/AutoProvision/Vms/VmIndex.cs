using System.Collections.Immutable;

namespace AutoProvision.Vms;

/// <summary>
/// All VMs as they are at one moment: by id, by name and in the order in which they were added. Immutable: a change makes a new
/// index, so that readers need no lock and never wait for the journal.
/// </summary>
internal sealed record VmIndex
{
    public static VmIndex Empty { get; } = new();

    // A place in the order is given once, so that a clock that was set back does not change it.
    private ImmutableDictionary<Guid, long> Positions { get; init; } = ImmutableDictionary<Guid, long>.Empty;

    // Of VMs that are not deleted.
    private ImmutableDictionary<string, long> Names { get; init; } = ImmutableDictionary<string, long>.Empty;

    private ImmutableSortedDictionary<long, Vm> All { get; init; } = ImmutableSortedDictionary<long, Vm>.Empty;

    private ImmutableSortedDictionary<long, Vm> Present { get; init; } = ImmutableSortedDictionary<long, Vm>.Empty;

    public static VmIndex Of(IReadOnlyList<(long Position, Vm Vm)> vms)
    {
        var present = vms.Where(entry => entry.Vm.State != VmState.Deleted).ToList();
        return new VmIndex
        {
            Positions = vms.ToImmutableDictionary(entry => entry.Vm.Id, entry => entry.Position),
            Names = present.ToImmutableDictionary(entry => entry.Vm.Spec.Name, entry => entry.Position),
            All = vms.ToImmutableSortedDictionary(entry => entry.Position, entry => entry.Vm),
            Present = present.ToImmutableSortedDictionary(entry => entry.Position, entry => entry.Vm),
        };
    }

    public Vm? Find(Guid id) => Positions.TryGetValue(id, out var position) ? All[position] : null;

    /// <summary>The VM of this name that is not deleted.</summary>
    public Vm? FindByName(string name) => Names.TryGetValue(name, out var position) ? Present[position] : null;

    /// <summary>Every VM that is not deleted, oldest first.</summary>
    public List<Vm> ListPresent() => List(Present);

    /// <summary>Every VM, oldest first.</summary>
    public List<Vm> ListAll() => List(All);

    /// <summary>With a VM as it is now at its place.</summary>
    public VmIndex With(long position, Vm vm)
    {
        var next = this with
        {
            Positions = Positions.ContainsKey(vm.Id) ? Positions : Positions.Add(vm.Id, position),
            All = All.SetItem(position, vm),
        };
        if (vm.State != VmState.Deleted)
            return next with { Names = Names.SetItem(vm.Spec.Name, position), Present = Present.SetItem(position, vm) };
        // Another VM may have its name by now.
        return Names.GetValueOrDefault(vm.Spec.Name) == position
            ? next with { Names = Names.Remove(vm.Spec.Name), Present = Present.Remove(position) }
            : next;
    }

    /// <summary>Without VMs that are deleted.</summary>
    public VmIndex Without(IReadOnlyCollection<Guid> deleted) => this with
    {
        All = All.RemoveRange(deleted.Select(id => Positions[id])),
        Positions = Positions.RemoveRange(deleted),
    };

    private static List<Vm> List(ImmutableSortedDictionary<long, Vm> vms)
    {
        var list = new List<Vm>(vms.Count);
        foreach (var (_, vm) in vms)
            list.Add(vm);
        return list;
    }
}
