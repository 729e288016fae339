using System.Runtime.CompilerServices;

namespace AutoProvision.Vms;

/// <summary>One reader's way through the <see cref="EventLog"/>.</summary>
/// <param name="log">The events.</param>
/// <param name="after">Where it begins: the events after this position.</param>
/// <param name="filter">Those it wants.</param>
/// <param name="known">It knows of gaps up to this position; what goes unread later than that ends its way.</param>
public sealed class EventReader(EventLog log, long after, EventFilter filter, long known = 0)
{
    private long _position = after;

    /// <summary>Nothing up to here is owed to the reader any more: it has had it, or does not want it.</summary>
    public long Position => Volatile.Read(ref _position);

    /// <summary>
    /// Every event that is wanted, then every new one. Ends only where events that it may want are no longer kept: better an end
    /// than a silent gap.
    /// </summary>
    public async IAsyncEnumerable<VmEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        while (log.Read(Position, filter, known) is var (events, changed))
        {
            foreach (var what in events)
            {
                if (filter.Takes(what))
                    yield return what;
                // Only now: whoever asks for the next one has dealt with this one.
                Volatile.Write(ref _position, what.Position);
            }
            if (events.Count == 0)
                await changed.WaitAsync(cancellation);
        }
    }
}
