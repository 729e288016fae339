namespace AutoProvision.Vms;

/// <summary>The way in to the events of all VMs.</summary>
public sealed class EventService(VmStore store)
{
    private const string Oldest = "oldest";
    private const string Now = "now";

    /// <summary>A reader of the events of all VMs.</summary>
    /// <param name="lastEventId">Id of the last event that the caller has seen; null when it says none.</param>
    /// <param name="from">Where to begin without one: <c>now</c>, which null is too, or <c>oldest</c> for all that is kept.</param>
    /// <param name="vms">Ids of the VMs wanted; none is all.</param>
    /// <param name="types">Names of the types wanted; none is all.</param>
    /// <exception cref="InvalidRequestException">Everything that is wrong, <c>event_id_invalid</c> among it: no event has this id.</exception>
    /// <exception cref="FailureException">
    /// <c>event_id_expired</c>: events after this one are no longer kept. <c>vm_not_found</c>.
    /// </exception>
    public EventReader Read(string? lastEventId, string? from, IReadOnlyList<string> vms, IReadOnlyList<string> types)
    {
        var faults = new FaultList([]);
        var after = ParseId(lastEventId, faults);
        if (from is not (null or Oldest or Now))
            faults.Add("/from", "from_invalid", $"\"{from}\" is no place to begin.", $"{Oldest} or {Now}, or the header Last-Event-ID.");
        foreach (var id in vms)
            if (VmId.Respell(id) is { } right)
                faults.Add("/vm", "query_invalid", $"\"{id}\" is not how a VM's id is written.", VmFailures.Respelt(right));
        var wanted = types.Select(name => ParseType(name, faults)).ToHashSet();
        faults.ThrowIfAny();
        var filter = new EventFilter(vms.Select(Find).ToHashSet(), wanted);
        return after is { } seen ? Resume(seen, filter)
            : from == Oldest ? new EventReader(store.Events, 0, filter, store.Events.ForgottenOf(filter))
            : new EventReader(store.Events, store.Events.Last, filter);
    }

    private EventReader Resume(long after, EventFilter filter)
    {
        var forgotten = store.Events.ForgottenOf(filter);
        return forgotten <= after ? new EventReader(store.Events, after, filter) : throw VmFailures.EventIdExpired(after, forgotten);
    }

    private long? ParseId(string? text, FaultList faults)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        if (WholeNumber.Parse(text) is { } id && id <= store.Events.Last)
            return id;
        faults.Add("/Last-Event-ID", "event_id_invalid", $"Last-Event-ID \"{text}\" is no id of an event; the newest is {store.Events.Last}.", "Send back an id that the stream gave, or none.");
        return null;
    }

    private static VmEventType ParseType(string name, FaultList faults)
    {
        if (VmEventTypes.Find(name) is { } type)
            return type;
        faults.Add("/type", "event_type_unknown", $"There are no events of type \"{name}\".", $"One of {string.Join(", ", VmEventTypes.All)}.");
        return default;
    }

    private Guid Find(string id) => (VmId.Parse(id) is { } guid ? store.Find(guid) : null)?.Id ?? throw VmFailures.NotFound(id);
}
