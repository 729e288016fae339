namespace AutoProvision.Vms;

/// <summary>Which VMs are listed, and how many at a time.</summary>
/// <param name="Labels">Each a key that has to be there, with its value where that is not null.</param>
/// <param name="States">Any of them; none asks for all but deleted VMs.</param>
/// <param name="Limit">How many at most.</param>
/// <param name="After">The VM after which to begin; null begins with the oldest.</param>
public sealed record VmQuery(IReadOnlyList<(string Key, string? Value)> Labels, IReadOnlyList<VmState> States, int Limit, Guid? After)
{
    private const int MostAtOnce = 1000;

    /// <summary>Reads the parameters of <c>GET /vms</c>.</summary>
    /// <exception cref="InvalidRequestException">With everything that is wrong.</exception>
    public static VmQuery Parse(IReadOnlyList<string> labels, IReadOnlyList<string> states, string? limit, string? cursor)
    {
        var faults = new FaultList([]);
        var query = new VmQuery([.. labels.Select(label => Label(label, faults))], [.. states.SelectMany(list => list.Split(',')).Select(state => State(state, faults))], Most(limit, faults), Cursor(cursor, faults));
        faults.ThrowIfAny();
        return query;
    }

    /// <summary>Whether a VM is asked for; its place among the others is another matter.</summary>
    public bool Matches(Vm vm) =>
        (States.Count == 0 ? vm.State != VmState.Deleted : States.Contains(vm.State))
        && Labels.All(label => vm.Labels.TryGetValue(label.Key, out var value) && (label.Value ?? value) == value);

    private static (string, string?) Label(string text, FaultList faults)
    {
        (string Key, string? Value) label = text.Split('=', 2) is [var key, var value] ? (key, value) : (text, null);
        // No VM could ever have it.
        if (!LabelRules.IsKey(label.Key) || !LabelRules.IsValue(label.Value ?? ""))
            faults.Add("/label", "query_invalid", $"\"{text}\" is no label.", "A key, or key=value; the parameter can be given several times.");
        return label;
    }

    private static VmState State(string text, FaultList faults)
    {
        if (Enum.TryParse<VmState>(text, ignoreCase: true, out var state) && text == Name(state))
            return state;
        faults.Add("/state", "query_invalid", $"There is no state \"{text}\".", $"One or more of {string.Join(", ", Enum.GetValues<VmState>().Select(Name))}.");
        return default;
    }

    private static string Name(VmState state) => state.ToString().ToLowerInvariant();

    private static int Most(string? limit, FaultList faults)
    {
        if (limit is null)
            return MostAtOnce;
        if (WholeNumber.Parse(limit, 1, MostAtOnce) is { } most)
            return most;
        faults.Add("/limit", "query_invalid", $"\"{limit}\" is not a limit.", $"From 1 to {MostAtOnce}, in digits alone.");
        return default;
    }

    private static Guid? Cursor(string? cursor, FaultList faults)
    {
        if (cursor is null)
            return null;
        if (Guid.TryParseExact(cursor, "N", out var id) && id.ToString("N") == cursor)
            return id;
        faults.Add("/cursor", "cursor_invalid", $"\"{cursor}\" is no cursor.", "Take the one of the answer's Link header, or none to begin anew.");
        return null;
    }
}

/// <param name="Vms">The VMs, each with its place in the queue.</param>
/// <param name="Next">Cursor of the next page; null on the last.</param>
public sealed record VmPage(IReadOnlyList<(Vm Vm, int? QueuePosition)> Vms, string? Next);
